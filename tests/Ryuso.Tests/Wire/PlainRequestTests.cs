using System.Text;
using CsCheck;

namespace Ryuso.Tests.Wire;

/// <summary>The short cut through plain requests takes nothing that the full reader refuses, and reads it alike.</summary>
public sealed class PlainRequestTests
{
    private static readonly string[] Names = ["text", "n", "a long name of a variable", "_run_id", "é"];
    private static readonly NameTable Programs = new(["p", "другая", "third program"]);
    private static readonly int s_requests = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_REQUESTS"), out int n) ? n : 50_000;

    private static readonly string[] Pieces =
    [
        "{", "}", "{\"program\":\"p\"", ",\"data_pool\":{", "\"text\":", "\"n\":", "\"é\":", "\"_run_id\":", "\"a long name of a variable\":", "\"other\":",
        "\"t\\u0065xt\":", "\"x\"", "\"\\n\\ud800\"", "\"日本\"", "1", "-0", "01", "-", "1.5", "-12.50", "1.", ".5", "1e5", "1E+400", "123456789012345", "1234567890123456789",
        "9223372036854775808", "0.1234567890123456789", "true", "false", "null", "nul", "[1,{\"a\":[]}]", "[", "{\"a\":1,\"a\":2}", ",", ",", ":", " ", "\n", "\"", "\u0001", "}}", "},\"metadata\":{}}", "}} x", "},\"id\":1}", "},\"id\":\"é\",\"run_id\":\"r\"}{", "},\"id\":1.5}", "},\"op\":\"run\"}", "},\"auth\":1}", "},\"traceparent\":\"t\"}",
    ];

    [Theory]
    [InlineData("""{"program":"p"}""", true)]
    [InlineData(""" { "program" : "другая" , "data_pool" : { "text" : "x", "n" : -1.25 } } """, true)]
    [InlineData("""{"id":7,"program":"p"}{"id":8""", true)]
    [InlineData("""{"id":"a","run_id":"r-1","program":"p","traceparent":"00-1-2-03"}""", true)]
    [InlineData("""{"program":"p","run_id":""}""", false)]
    [InlineData("""{"program":"p","run_id":"a","run_id":"a"}""", false)]
    [InlineData("""{"program":"p","run_id":7}""", false)]
    [InlineData("""{"program":"p","metadata":{}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":1}""", false)]
    [InlineData("""{"data_pool":{"text":[1,"two"],"n":null},"program":"p"}""", true)]
    [InlineData("""{"program":"p","data_pool":{"n":1.7976931348623157e308,"é":"a\"b"}}""", true)]
    [InlineData("""{"program":"p","data_pool":{"n":12345678901234567890}}""", true)]
    [InlineData("""{"program":"p","data_pool":{"other":1}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"_run_id":"mine"}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":01}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":1,"n":2}}""", false)]
    [InlineData("""{"program":"p","program":"p"}""", false)]
    public void The_short_cut_is_taken_where_it_is_sure(string request, bool taken) =>
        Assert.Equal(taken, Compare(Encoding.UTF8.GetBytes(request)));

    [Fact]
    public void What_the_short_cut_takes_the_full_reader_reads_alike()
    {
        int taken = 0;
        Gen.Int[0, Pieces.Length - 1].Array[1, 14].Sample(
            picks => { taken += Compare(Encoding.UTF8.GetBytes("{\"program\":\"p\",\"data_pool\":{" + string.Concat(picks.Select(i => Pieces[i])))) ? 1 : 0; },
            iter: s_requests,
            threads: 1);
        Gen.Select(Gen.Int[0, 3], Gen.Double, Gen.Long, Gen.String).Sample(
            (kind, number, integer, text) =>
            {
                string value = kind switch { 0 => integer.ToString(null, null), 1 => System.Text.Json.JsonSerializer.Serialize(text), 2 => Decimal(number), _ => (number % 1000).ToString("0.###", System.Globalization.CultureInfo.InvariantCulture) };
                taken += Compare(Encoding.UTF8.GetBytes($$$"""{"program":"p","data_pool":{"n":{{{value}}}}}""")) ? 1 : 0;
            },
            iter: s_requests,
            threads: 1);
        Assert.True(taken > s_requests / 2, $"Only {taken} requests were plain.");
    }

    private static string Decimal(double number) => double.IsFinite(number) ? number.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : "0.1";

    /// <summary>Whether the short cut was taken; then both readers must agree.</summary>
    private static bool Compare(byte[] request)
    {
        var slots = new PoolSlots(Names);
        var plain = new PlainRequest(request, slots);
        if (!plain.TryRead(Programs))
        {
            return false;
        }

        var expected = new PoolSlots(Names);
        int program = -1;
        string? unknown = null;
        Assert.Null(RequestReader.ReadAny(request.AsSpan(0, plain.Length), expected, Programs, ref program, ref unknown));
        Assert.Equal(program, plain.Program);
        Assert.Equal(expected.CallersRunId, slots.CallersRunId);
        Assert.Equal(expected.TraceParent, slots.TraceParent);
        RequestScanner scanner = new();
        Assert.Equal(ScanResult.Complete, scanner.Scan(request));
        Assert.Equal(scanner.Length, plain.Length);
        RequestHead head = RequestHead.Read(request.AsSpan(0, plain.Length), scanner.Marks);
        if (plain.IsOnlyRun)
        {
            Assert.True(head is { Problem: null, Operation: Operation.Run, Auth.IsEmpty: true });
            Assert.Equal(Encoding.UTF8.GetString(head.Id), Encoding.UTF8.GetString(plain.Id));
        }

        for (int slot = 0; slot < Names.Length; slot++)
        {
            Assert.Equal(expected[slot].Kind, slots[slot].Kind);
            Assert.Equal(expected[slot].ToNode()?.ToJsonString(), slots[slot].ToNode()?.ToJsonString());
        }

        return true;
    }
}
