using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Protocol;
using Ryuso.TestKit;

namespace Ryuso.Tests.Suites;

/// <summary>
/// What is JSON goes through a run and comes back as it was; what is none is refused, in either way in which requests are read: the short cut,
/// and the full reader, to which a request with metadata goes.
/// </summary>
public sealed class JsonSuiteTests
{
    private const string Spec = """
        {"name":"t","hooks":{"h":{"description":"d","reference":"h","args":{}}},"programs":{
        "string":{"hooks":["h"],"args":{"v":{"type":"string","required":true}},"outputs":{"v":{"type":"string","required":true}}},
        "int":{"hooks":["h"],"args":{"v":{"type":"int","required":true}},"outputs":{"v":{"type":"int","required":true}}},
        "float":{"hooks":["h"],"args":{"v":{"type":"float","required":true}},"outputs":{"v":{"type":"float","required":true}}},
        "list":{"hooks":["h"],"args":{"v":{"type":"list","required":true}},"outputs":{"v":{"type":"list","required":true}}},
        "dict":{"hooks":["h"],"args":{"v":{"type":"dict","required":true}},"outputs":{"v":{"type":"dict","required":true}}},
        "any":{"hooks":["h"],"args":{},"outputs":{}},
        "fail":{"hooks":["h"],"args":{"fails":{"type":"bool","required":false,"default":true}},"outputs":{}}}}
        """;

    private static readonly string[] s_blanks = [" ", "\t", "\n", "\r", "\r\n", " \t\n\r "];

    // What the hook saw last, so that it is the run's own view which is compared.
    private readonly SpecOrchestrator _orchestrator;
    private JsonNode? _seen;

    public JsonSuiteTests() => _orchestrator = SpecOrchestrator.Of(Spec, (_, pool) =>
    {
        _seen = pool["v"]?.DeepClone();
        return pool["fails"] is null ? HookResult.Ok : HookResult.Fail("as asked");
    });

    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Number_of_the_grammar_is_read_as_the_double_it_stands_for(bool isShortCut)
    {
        foreach (string number in JsonValues.Numbers)
        {
            // What is an integer is read as one, which has no negative zero.
            double expected = long.TryParse(number, CultureInfo.InvariantCulture, out long integer) ? integer : double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
            AssertSame(expected, (double)Accepted("float", number, isShortCut)!, number);
            Assert.Equal($"[{number}]", Accepted("list", $"[{number}]", isShortCut)!.ToJsonString());
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Float_is_read_as_the_nearest_double_and_halves_as_the_even_one(bool isShortCut)
    {
        foreach ((string text, double value) in JsonValues.Floats())
        {
            AssertSame(value, (double)Accepted("float", text, isShortCut)!, text);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Float_that_is_written_is_read_as_itself_and_has_a_fraction_or_an_exponent(bool isShortCut)
    {
        foreach (double value in JsonValues.Floats().Select(f => f.Value))
        {
            string written = Answer("float", value.ToString("R", CultureInfo.InvariantCulture), isShortCut)["{\"v\":".Length..^1];
            AssertSame(value, double.Parse(written, NumberStyles.Float, CultureInfo.InvariantCulture), written);
            Assert.True(written.AsSpan().ContainsAny('.', 'e', 'E'), written);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Number_beyond_the_largest_double_is_refused(bool isShortCut)
    {
        foreach (string number in (string[])["1.7976931348623159e308", "-1.7976931348623159e308", "1e309", "-1e309", "1e999999999999", "1" + new string('0', 309), "179769313486231580793728971405304e276", "1" + new string('0', 400) + ".5"])
        {
            Refused("float", number, isShortCut);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Integer_within_64_bits_keeps_every_digit_and_any_other_number_is_no_int(bool isShortCut)
    {
        foreach (long value in (long[])[0, 1, -1, 9007199254740993, -9007199254740993, 999999999999999999, 1000000000000000000, -1000000000000000000, long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1, int.MaxValue + 1L, int.MinValue - 1L])
        {
            Assert.Equal($"{{\"v\":{value}}}", Answer("int", value.ToString(CultureInfo.InvariantCulture), isShortCut));
        }

        Assert.Equal("{\"v\":0}", Answer("int", "-0", isShortCut));
        foreach (string number in (string[])["9223372036854775808", "-9223372036854775809", "18446744073709551615", "100000000000000000000", "1.0", "-0.0", "1e0", "1E2", "0.5", "10e-1", "true", "\"1\"", "[1]"])
        {
            Assert.Equal("invalid_arguments", Code(Answer("int", number, isShortCut)));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Text_that_is_no_number_is_refused_wherever_it_stands(bool isShortCut)
    {
        foreach (string text in JsonValues.NotNumbers)
        {
            Refused("float", text, isShortCut);
            Refused("int", text, isShortCut);
            Refused("list", $"[{text}]", isShortCut, unless: text is "1,000");
            Refused("list", $"[0,{text},0]", isShortCut, unless: text is "1,000");
            Refused("dict", $"{{\"a\":{text}}}", isShortCut);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Text_that_is_no_value_is_refused(bool isShortCut)
    {
        foreach (string text in JsonValues.NotValues)
        {
            foreach (string program in (string[])["any", "string", "list", "dict"])
            {
                Refused(program, text, isShortCut);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void String_with_a_wrong_escape_a_control_character_or_half_a_pair_is_refused_wherever_it_stands(bool isShortCut)
    {
        foreach (string text in JsonValues.NotStrings)
        {
            Refused("string", text, isShortCut);
            Refused("any", text, isShortCut);
            Refused("list", $"[{text}]", isShortCut);
            Refused("dict", $"{{{text}:1}}", isShortCut);
            Refused("dict", $"{{\"a\":{{\"b\":[{text}]}}}}", isShortCut);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void String_comes_back_as_it_was_however_it_is_escaped(bool isShortCut)
    {
        foreach (string text in JsonValues.Strings())
        {
            foreach (string json in (string[])[JsonValues.Raw(text), JsonValues.Escaped(text), JsonValues.Short(text)])
            {
                Assert.Equal(text, (string?)Accepted("string", json, isShortCut));
                Assert.Equal(text, (string?)_seen);
                Assert.Equal(text, (string?)Accepted("list", $"[{json}]", isShortCut)![0]);
                Assert.Equal(text, (string?)_seen![0]);
                JsonObject dict = Accepted("dict", $"{{{json}:{json}}}", isShortCut)!.AsObject();
                Assert.Equal((text, text), (dict.Single().Key, (string?)dict.Single().Value));
            }
        }
    }

    [Fact]
    public void Variable_of_any_name_travels_through_a_run_that_fails_and_back()
    {
        foreach (string text in JsonValues.Strings().Where(t => t.Length < 100))
        {
            // Unnamed variables come back where their name begins as a magic variable's does.
            string request = $"{{\"program\":\"fail\",\"metadata\":{{{JsonValues.Raw("_x" + text)}:{JsonValues.Escaped(text)}}}}}";
            JsonObject answer = JsonNode.Parse(Send(Encoding.UTF8.GetBytes(request)))!.AsObject();
            Assert.Equal("as asked", (string?)answer["_error"]);
            Assert.Equal(text, (string?)answer["_x" + text]);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Bytes_that_are_no_UTF8_are_refused_wherever_they_stand(bool isShortCut)
    {
        string end = isShortCut ? "}" : ",\"metadata\":{}}";
        foreach (byte[] bytes in JsonValues.NotUtf8)
        {
            foreach ((string before, string behind) in ((string, string)[])
            [
                ("{\"program\":\"string\",\"data_pool\":{\"v\":\"a", "b\"}" + end), ("{\"program\":\"any\",\"data_pool\":{\"x\":\"", "\"}" + end), ("{\"program\":\"list\",\"data_pool\":{\"v\":[\"", "\"]}" + end),
                ("{\"program\":\"dict\",\"data_pool\":{\"v\":{\"", "\":1}}" + end), ("{\"program\":\"any\",\"data_pool\":{\"", "\":1}" + end), ("{\"program\":\"any\",\"id\":\"", "\"" + end), ("{\"program\":\"any\",\"run_id\":\"", "\"" + end),
                ("{\"program\":\"any", "\"" + end), ("{\"program\":\"any\",\"", "\":1" + end), ("{\"program\":\"any\"", end), ("", "{\"program\":\"any\"" + end),
            ])
            {
                byte[] request = [.. Encoding.UTF8.GetBytes(before), .. bytes, .. Encoding.UTF8.GetBytes(behind)];
                Assert.Equal("bad_request", Code(Send(request)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Blanks_are_taken_between_all_tokens_and_nothing_else_is(bool isShortCut)
    {
        string[] tokens = ["", "{", "\"program\"", ":", "\"list\"", ",", "\"data_pool\"", ":", "{", "\"v\"", ":", "[", "1", ",", "{", "\"a\"", ":", "true", "}", "]", "}", .. isShortCut ? (string[])[] : [",", "\"metadata\"", ":", "{", "}"], "}", ""];
        foreach (string blank in s_blanks)
        {
            Assert.Equal("{\"v\":[1,{\"a\":true}]}", Send(Encoding.UTF8.GetBytes(string.Join(blank, tokens))));
        }

        foreach (string other in (string[])["\u00A0", "\u000B", "\u000C", "\u0085", "\u2003", "\u2028", "\uFEFF", "\0", "/**/", "//\n", "#\n", ";", "\\n"])
        {
            for (int i = 1; i < tokens.Length; i++)
            {
                // A mark at the very beginning is a byte order mark.
                if (other != "\uFEFF" || i > 1)
                {
                    string request = string.Concat(tokens[..i]) + other + string.Concat(tokens[i..]);
                    Assert.Equal("bad_request", Code(Send(Encoding.UTF8.GetBytes(request))));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Byte_order_mark_is_taken_once_and_only_before_the_request(bool isShortCut)
    {
        string request = Request("int", "1", isShortCut);
        Assert.Equal("{\"v\":1}", Send(Encoding.UTF8.GetBytes("\uFEFF" + request)));
        Assert.Equal("bad_request", Code(Send(Encoding.UTF8.GetBytes("\uFEFF\uFEFF" + request))));
        Assert.Equal("bad_request", Code(Send(Encoding.Unicode.GetBytes(request))));
        Assert.Equal("bad_request", Code(Send(Encoding.UTF32.GetBytes(request))));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Value_as_deep_as_allowed_comes_back_and_one_deeper_is_refused(bool isShortCut)
    {
        string List(int depth) => new string('[', depth) + new string(']', depth);
        string Dict(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        Assert.Equal($"{{\"v\":{List(62)}}}", Answer("list", List(62), isShortCut));
        Assert.Equal($"{{\"v\":{Dict(62)}}}", Answer("dict", Dict(62), isShortCut));
        Refused("list", List(63), isShortCut);
        Refused("dict", Dict(63), isShortCut);
    }

    [Theory]
    [InlineData("""{"program":"any","program":"any"}""")]
    [InlineData("""{"program":"any","pro\u0067ram":"any"}""")]
    [InlineData("""{"program":"any","data_pool":{},"data_pool":{}}""")]
    [InlineData("""{"program":"any","data_pool":{"x":1,"x":1}}""")]
    [InlineData("""{"program":"any","data_pool":{"v":1,"\u0076":1}}""")]
    [InlineData("""{"program":"any","data_pool":{"x":null,"x":1}}""")]
    [InlineData("""{"program":"any","metadata":{"user":1,"_user":1}}""")]
    [InlineData("""{"program":"any","metadata":{"user":1,"us\u0065r":1}}""")]
    [InlineData("""{"program":"any","run_id":"a","run_id":"a"}""")]
    [InlineData("""{"program":"any"}}""")]
    [InlineData("""{"program":"any"},""")]
    [InlineData("""{"program":"any"}{}""")]
    [InlineData("""{"program":"any"} null""")]
    [InlineData("""{"program":"any"}x""")]
    [InlineData("{\"program\":\"any\"}\0")]
    [InlineData("""[{"program":"any"}]""")]
    [InlineData("\"any\"")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{}")]
    public void Request_with_a_duplicate_key_or_more_than_one_object_is_refused(string request) =>
        Assert.Equal("bad_request", Code(Send(Encoding.UTF8.GetBytes(request))));

    [Fact]
    public void Each_prefix_of_a_request_is_refused()
    {
        byte[] request = """{"program":"dict","data_pool":{"v":{"é":[1.5e3,"\u0041\n",null,true,{"😀":-0.0}]}},"run_id":"r","metadata":{"u":"ü"}}"""u8.ToArray();
        Assert.Equal("""{"v":{"é":[1.5e3,"A\n",null,true,{"\uD83D\uDE00":-0.0}]}}""", Send(request));
        for (int length = 0; length < request.Length; length++)
        {
            Assert.Equal("bad_request", Code(Send(request[..length])));
        }
    }

    private static string Request(string program, string value, bool isShortCut) =>
        $"{{\"program\":\"{program}\",\"data_pool\":{{\"v\":{value}}}{(isShortCut ? "" : ",\"metadata\":{}")}}}";

    /// <summary>The output of a good value, the short cut having been taken or not.</summary>
    private JsonNode? Accepted(string program, string value, bool isShortCut)
    {
        byte[] request = Encoding.UTF8.GetBytes(Request(program, value, isShortCut));
        var parser = new FastRequestParser(request, new PoolSlots(["v", "fails"]));
        bool isTaken = parser.TryParse(new Utf8NameTable(["string", "int", "float", "list", "dict", "any", "fail"]));
        Assert.Equal(isShortCut, isTaken);
        JsonObject answer = JsonNode.Parse(Send(request))!.AsObject();
        Assert.True(answer.Count == 1 && answer.ContainsKey("v"), $"{value}: {answer.ToJsonString()}");
        return answer["v"];
    }

    private void Refused(string program, string value, bool isShortCut, bool unless = false)
    {
        if (!unless)
        {
            byte[] request = Encoding.UTF8.GetBytes(Request(program, value, isShortCut));
            var parser = new FastRequestParser(request, new PoolSlots(["v", "fails"]));
            bool isTaken = parser.TryParse(new Utf8NameTable(["string", "int", "float", "list", "dict", "any", "fail"])) && parser.Length == request.Length;
            Assert.False(isTaken, $"The short cut took {value}");
            string code = Code(Send(request));
            Assert.True(code == "bad_request", $"{code} for {value}");
        }
    }

    private string Answer(string program, string value, bool isShortCut) => Send(Encoding.UTF8.GetBytes(Request(program, value, isShortCut)));

    /// <summary>
    /// The answer to a request, or, where the bytes are several, to the last of them; cut as a connection cuts them. It is valid JSON and valid
    /// UTF-8, whatever the request was.
    /// </summary>
    private string Send(byte[] bytes)
    {
        string? last = null;
        ReadOnlyMemory<byte> rest = bytes;
        do
        {
            var framer = new RequestFramer();
            FramingResult framing = framer.Scan(rest.Span);
            ReadOnlyMemory<byte> request = framing == FramingResult.Complete ? rest[..framer.Length] : rest;
            var answer = new ArrayBufferWriter<byte>();
            ValueTask run = _orchestrator.RunRequestAsync(request, answer, TestContext.Current.CancellationToken);
            Assert.True(run.IsCompletedSuccessfully);
            using JsonDocument document = JsonDocument.Parse(answer.WrittenMemory);
            last = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.WrittenSpan);
            Assert.True(framing == FramingResult.Complete || document.RootElement.TryGetProperty("_server_error", out _), $"What is not framed was taken: {last}");
            rest = rest[request.Length..];
        }
        while (rest.Span.ContainsAnyExcept(" \t\r\n"u8));
        return last;
    }

    private static string Code(string answer) => (string?)JsonNode.Parse(answer)!["_error_code"] ?? answer;

    private static void AssertSame(double expected, double actual, string text) =>
        Assert.True(BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual), $"{text} was read as {actual:R}, not as {expected:R}.");
}
