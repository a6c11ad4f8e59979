using System.Text;
using System.Text.Json;
using CsCheck;
using Ryuso.Json;

namespace Ryuso.Tests.Wire;

/// <summary>Lists and dicts are looked through once when they come in.</summary>
public sealed class JsonCheckTests
{
    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"b":{},"\u0061":2}""")]
    [InlineData("""[{"x":[{"k":1,"l":2,"k":3}]}]""")]
    [InlineData("""{"a":{"b":1},"c":{"b":1,"b":1}}""")]
    [InlineData("""{"\"":1,"\u0022":2}""")]
    public void Check_of_a_key_that_stands_twice_names_it(string json) =>
        Assert.Contains("duplicate key", Assert.Throws<JsonException>(() => Check(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"a":{"a":{"a":1}},"b":{"a":1}}""")]
    [InlineData("""[{"a":1},{"a":1}]""")]
    [InlineData("""{"a\"b":1,"a\\":2,"a":3,"":4}""")]
    [InlineData("[]")]
    [InlineData("""[[],{},"\uD83D\uDE00"]""")]
    public void Check_of_the_same_key_in_different_dicts_passes(string json) => Check(json);

    [Theory]
    [InlineData("""["\uD83D"]""")]
    [InlineData("""{"\uDE00":1}""")]
    public void Check_of_half_a_surrogate_pair_fails(string json) => Assert.Throws<InvalidOperationException>(() => Check(json));

    [Fact]
    public void Check_finds_a_duplicate_exactly_where_a_naive_search_does() =>
        Gen.Select(Gen.String[Gen.Char["ab\"\\é"], 0, 3].Array[0, 40], Gen.Bool).Sample((keys, escapes) =>
        {
            string json = "{" + string.Join(",", keys.Select(key => (escapes ? Escape(key) : JsonSerializer.Serialize(key)) + ":0")) + "}";
            bool isDistinct = keys.Distinct(StringComparer.Ordinal).Count() == keys.Length;
            if (isDistinct)
            {
                Check(json);
            }
            else
            {
                Assert.Throws<JsonException>(() => Check(json));
            }
        });

    [Fact]
    public void Check_of_a_million_keys_takes_a_few_bytes_for_each()
    {
        byte[] json = Encoding.UTF8.GetBytes("{" + string.Join(",", Enumerable.Range(0, 1_000_000).Select(i => $"\"{i}\":0")) + "}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Check(json);

        // Eight for each key, and as much again while the list of them grows.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * 8 * 1_048_576);
    }

    private static string Escape(string text) => "\"" + string.Concat(text.Select(c => $"\\u{(int)c:x4}")) + "\"";

    private static void Check(string json) => Check(Encoding.UTF8.GetBytes(json));

    private static void Check(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        new JsonCheck(json).Check(ref reader);
        Assert.Equal(json.Length, reader.BytesConsumed);
    }
}
