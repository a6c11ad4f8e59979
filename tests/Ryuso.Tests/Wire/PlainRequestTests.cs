using System.Text;
using CsCheck;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Protocol;

namespace Ryuso.Tests.Wire;

/// <summary>The short cut through plain requests takes nothing that the full reader refuses, and reads it alike.</summary>
public sealed class PlainRequestTests
{
    private static readonly string[] s_names = ["text", "n", "a long name of a variable", "_run_id", "é", "quo\"ted", ""];

    private static readonly Utf8NameTable s_programs = new(["p", "другая", "third program"]);
    private static readonly int s_requests = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_REQUESTS"), out int n) ? n : 50_000;

    private static readonly string[] s_pieces =
    [
        "{", "}", "{\"program\":\"p\"", ",\"data_pool\":{", "\"text\":", "\"n\":", "\"é\":", "\"_run_id\":", "\"a long name of a variable\":", "\"other\":",
        "\"t\\u0065xt\":", "\"quo\"ted\":", "\"quo\\\"ted\":", "\"\":", "\"tex\":", "\"textual\":", "\"text\" :", "\"text\"", "\"x\"", "\"\\n\\ud800\"", "\"日本\"", "1", "-0", "01", "-", "1.5", "-12.50", "1.", ".5", "1e5", "1E+400", "123456789012345", "1234567890123456789",
        "9223372036854775808", "0.1234567890123456789", "true", "false", "null", "nul", "[1,{\"a\":[]}]", "[", "{\"a\":1,\"a\":2}", ",", ",", ":", " ", "\n", "\"", "\u0001", "}}", "},\"metadata\":{}}", "}} x", "},\"id\":1}", "},\"id\":\"é\",\"run_id\":\"r\"}{", "},\"id\":1.5}", "},\"op\":\"run\"}", "},\"auth\":1}", "},\"traceparent\":\"t\"}",
    ];

    // As a runner does, one set of slots reads all requests: what it learns from one it must not misuse on the next.
    private readonly PoolSlots _slots = new(s_names);

    [Theory]
    [InlineData("""{"program":"p"}""", true)]
    [InlineData(""" { "program" : "другая" , "data_pool" : { "text" : "x", "n" : -1.25 } } """, true)]
    [InlineData("""{"id":7,"program":"p"}{"id":8""", true)]
    [InlineData("""{"id":"a","run_id":"r-1","program":"p","traceparent":"00-1-2-03"}""", true)]
    [InlineData("""{"program":"p","run_id":""}""", false)]
    [InlineData("{\"program\":\"p\",\"run_id\":\"a\u007F\"}", false)]
    [InlineData("{\"program\":\"p\",\"run_id\":\"a\u009B2J\"}", false)]
    [InlineData("""{"program":"p","run_id":"a","run_id":"a"}""", false)]
    [InlineData("""{"program":"p","run_id":7}""", false)]
    [InlineData("""{"program":"p","metadata":{}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":1}""", false)]
    [InlineData("""{"data_pool":{"text":[1,"two"],"n":null},"program":"p"}""", true)]
    [InlineData("""{"program":"p","data_pool":{"n":1.7976931348623157e308,"é":"a\"b"}}""", true)]
    [InlineData("""{"program":"p","data_pool":{"n":12345678901234567890}}""", true)]
    [InlineData("""{"program":"p","data_pool":{"n":1234567890123456789/"text":1}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":12345678901234567890/**/}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":1e5/2}}""", false)]
    [InlineData("""{"id":1234567890123456789/"x":1,"program":"p"}""", false)]
    [InlineData("""{"program":"p","data_pool":{"other":1}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"_run_id":"mine"}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"quo"ted":1}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":01}}""", false)]
    [InlineData("""{"program":"p","data_pool":{"n":1,"n":2}}""", false)]
    [InlineData("""{"program":"p","program":"p"}""", false)]
    public void The_short_cut_is_taken_where_it_is_sure(string request, bool taken) =>
        Assert.Equal(taken, Compare(Encoding.UTF8.GetBytes(request)));

    [Fact]
    public void What_the_short_cut_takes_the_full_reader_reads_alike()
    {
        int taken = 0;
        Gen.Int[0, s_pieces.Length - 1].Array[1, 14].Sample(
            picks => { taken += Compare(Encoding.UTF8.GetBytes("{\"program\":\"p\",\"data_pool\":{" + string.Concat(picks.Select(i => s_pieces[i])))) ? 1 : 0; },
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

    [Theory]
    [InlineData("""{"n":1,"text":"x"}""", true)]
    [InlineData("""{"text":"x","n":1,"é":2}""", true)]
    [InlineData("""{"text":"x"}""", true)]
    [InlineData("""{"text" : "x" , "n" :1}""", true)]
    [InlineData("""{ "text":"x", "n":1}""", true)]
    [InlineData("""{"tex":"x","n":1}""", false)]
    [InlineData("""{"textual":"x","n":1}""", false)]
    [InlineData("""{"text":"x","text":"x"}""", false)]
    [InlineData("""{"text":"x","n":1,"n":1}""", false)]
    [InlineData("""{"text":"x","n":1,"text":"x"}""", false)]
    [InlineData("""{"t\u0065xt":"x","n":1}""", false)]
    [InlineData("""{"taxt":"x","n":1}""", false)]
    [InlineData("""{"text";"x","n":1}""", false)]
    [InlineData("""{"quo"ted":1}""", false)]
    [InlineData("""{"text":"x","_run_id":1}""", false)]
    [InlineData("""{"text":"x","other":1}""", false)]
    [InlineData("""{"text":"x",,"n":1}""", false)]
    [InlineData("""{"text":"x""n":1}""", false)]
    [InlineData("""{"text":"x","n":1,}""", false)]
    [InlineData("""{"text":"x" "n":1}""", false)]
    [InlineData("""{,"text":"x","n":1}""", false)]
    [InlineData("""{}""", true)]
    public void Names_are_found_whatever_the_requests_before_named(string pool, bool taken)
    {
        string[] before =
        [
            """{"text":"x","n":1}""", """{"n":1,"text":"x"}""", """{"text":"x","n":1,"a long name of a variable":true,"é":2}""", """{"text":"x","text":1}""",
            """{"text":"x","n":1,"n":2}""", """{"text":"x","_run_id":"mine"}""", """{"text":"x","other":1}""", """{"":1,"text":1}""", "{}",
        ];
        foreach (string first in before)
        {
            foreach (string second in before)
            {
                Compare(Plain(first));
                Compare(Plain(second));
                Assert.Equal(taken, Compare(Plain(pool)));
                Assert.Equal(taken, Compare(Plain(pool)));
            }
        }
    }

    [Theory]
    [InlineData("""{"program":"p","data_pool":{"text":"x","n":-12.5,"é":true}}""")]
    [InlineData("""{"id":12,"program":"p","data_pool":{"text":"a text of more than sixteen bytes","n":[1,{"a":"b"}],"é":null}}""")]
    [InlineData("""{ "run_id" : "r" , "data_pool" : { "é" : false , "n" : 1e5 } , "program" : "p" }""")]
    public void A_request_that_has_not_come_whole_is_not_taken(string request)
    {
        byte[] whole = Encoding.UTF8.GetBytes(request);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.True(Compare(whole));
            Assert.False(Compare(whole[..length]));
        }
    }

    [Fact]
    public void A_string_ends_wherever_its_quote_stands_and_at_whatever_may_not_stand_in_it()
    {
        for (int length = 0; length < 40; length++)
        {
            Assert.True(Compare(Plain($$"""{"text":"{{new string('x', length)}}","n":1}""")));
            for (int at = 0; at < length; at++)
            {
                string text = new string('x', at) + "日" + new string('x', length - at);
                Assert.True(Compare(Plain($$"""{"text":"{{text}}","n":1}""")));
                Assert.True(Compare(Plain($$"""{"text":"{{text.Replace("日", "\\n", StringComparison.Ordinal)}}","n":1}""")));
                Assert.True(Compare(Plain($$"""{"text":"{{text.Replace("日", "\u007f", StringComparison.Ordinal)}}","n":1}""")));
                Assert.False(Compare(Plain($$"""{"text":"{{text.Replace("日", "\u001f", StringComparison.Ordinal)}}","n":1}""")));
                Assert.False(Compare(Plain($$"""{"text":"{{text.Replace("日", "\u0000", StringComparison.Ordinal)}}","n":1}""")));
                Assert.False(Compare(Plain($$"""{"text":"{{text.Replace("日", "\"", StringComparison.Ordinal)}}","n":1}""")));
            }
        }
    }

    private static byte[] Plain(string pool) => Encoding.UTF8.GetBytes($$"""{"program":"p","data_pool":{{pool}}}""");

    private static string Decimal(double number) => double.IsFinite(number) ? number.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : "0.1";

    /// <summary>Whether the short cut was taken; then both readers must agree.</summary>
    private bool Compare(byte[] request)
    {
        PoolSlots slots = _slots;
        slots.Clear();
        var plain = new FastRequestParser(request, slots);
        if (!plain.TryParse(s_programs))
        {
            return false;
        }

        var expected = new PoolSlots(s_names);
        int program = -1;
        string? unknown = null;
        Assert.Null(RequestParser.ParseAny(request.AsSpan(0, plain.Length), expected, s_programs, ref program, ref unknown));
        Assert.Equal(program, plain.Program);
        Assert.Equal(expected.CallersRunId, slots.CallersRunId);
        Assert.Equal(expected.TraceParent, slots.TraceParent);
        RequestFramer scanner = new();
        Assert.Equal(FramingResult.Complete, scanner.Scan(request));
        Assert.Equal(scanner.Length, plain.Length);
        RequestEnvelope head = RequestEnvelope.Read(request.AsSpan(0, plain.Length), scanner.Offsets);
        if (plain.IsOnlyRun)
        {
            Assert.True(head is { Problem: null, Operation: Operation.Run, Auth.IsEmpty: true });
            Assert.Equal(Encoding.UTF8.GetString(head.Id), Encoding.UTF8.GetString(plain.Id));
        }

        for (int slot = 0; slot < s_names.Length; slot++)
        {
            Assert.Equal(expected[slot].Kind, slots[slot].Kind);
            Assert.Equal(expected[slot].ToNode()?.ToJsonString(), slots[slot].ToNode()?.ToJsonString());
        }

        return true;
    }
}
