using System.Text;
using System.Text.Json;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Protocol;

namespace Ryuso.Tests.Server;

/// <summary>The readers of requests against the library's: where the first object ends, and whether it is valid.</summary>
public sealed class RequestFuzzTests
{
    private static readonly int s_requests = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_FUZZED_REQUESTS"), out int n) ? n : 50_000;

    private static readonly byte[][] s_pieces =
    [
        .. new[]
        {
            "{", "}", "[", "]", ":", ",", "\"", "\\", " ", "\n", "\"a\"", "\"id\":", "\"op\":", "\"auth\":", "\"program\":", "\"data_pool\":{", "\"metadata\":{", "\"p\"", "\"text\":", "\"\\u0069d\":",
            "1", "-1", "0", "01", "1.5", "1e5", "-", "true", "false", "null", "nul", "\"\\n\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\\x\"", "\"é\"", "\u0001", "\u007f", "{}", "[]", "[1,2]", "{\"a\":1}", "\uFEFF", "/*", "NaN", "'", "run", "\"ping\"",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xEF, 0xBB], [0],
    ];

    [Fact]
    public void Framer_and_library_agree_where_an_object_ends_and_whether_it_is_valid()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        int objects = 0;
        byte[] buffer = new byte[4096];
        for (int i = 0; i < s_requests; i++)
        {
            int length = Make(random, buffer);
            try
            {
                objects += Check(buffer.AsSpan(0, length), random) ? 1 : 0;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}, request {i}: {Convert.ToHexString(buffer, 0, length)} {Encoding.UTF8.GetString(buffer, 0, length)}", exception);
            }
        }

        Assert.True(objects > s_requests / 10, $"Only {objects} objects were valid.");
    }

    /// <summary>Half of them begin as a good request does, with a mutation or two; the others are thrown together.</summary>
    private static int Make(Random random, byte[] buffer)
    {
        int length = 0;
        void Add(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.AsSpan(length));
            length += bytes.Length;
        }

        if (random.Next(2) == 0)
        {
            Add(Encoding.UTF8.GetBytes($$$"""{"id":{{{random.Next(100)}}},"program":"p","data_pool":{"text":"x{{{random.Next(1000)}}}","n":[{{{random.Next(10)}}},{"a":null}]},"op":"run"}  {"next":1}"""));
            for (int mutations = random.Next(3); mutations > 0; mutations--)
            {
                int at = random.Next(length);
                buffer[at] = random.Next(3) == 0 ? (byte)random.Next(256) : s_pieces[random.Next(s_pieces.Length)][0];
            }
        }
        else
        {
            if (random.Next(4) > 0)
            {
                Add("{"u8);
            }

            for (int pieces = random.Next(1, 24); pieces > 0; pieces--)
            {
                Add(s_pieces[random.Next(s_pieces.Length)]);
            }
        }

        return length;
    }

    private static bool Check(ReadOnlySpan<byte> bytes, Random random)
    {
        var whole = new RequestFramer();
        FramingResult result = whole.Scan(bytes);
        var split = new RequestFramer();
        int cut = random.Next(bytes.Length + 1);
        FramingResult early = split.Scan(bytes[..cut]);
        if (early == FramingResult.NeedMore)
        {
            early = split.Scan(bytes);
        }

        Assert.Equal((result, whole.Length), (early, split.Length));
        Assert.InRange(whole.Length, 0, bytes.Length);

        bool isObject = TryEnd(bytes, out int end);
        if (isObject)
        {
            Assert.Equal((FramingResult.Complete, end), (result, whole.Length));
        }

        if (result != FramingResult.Complete)
        {
            return false;
        }

        // What the scanner hands on is judged by the reader as the library judges it.
        ReadOnlySpan<byte> request = bytes[..whole.Length];
        RequestEnvelope head = RequestEnvelope.Read(request, whole.Offsets);
        bool isValid = isObject && IsText(request);
        var slots = new PoolSlots(["text", "n"]);
        string? problem = RequestParser.Parse(request, slots, new Utf8NameTable(["p"]), out _, out _);
        Assert.False(problem is null && !isValid);
        if (problem is not null && isValid)
        {
            Assert.DoesNotContain("not valid JSON: '", problem, StringComparison.Ordinal);
        }

        if (!head.Id.IsEmpty && isValid)
        {
            using JsonDocument document = JsonDocument.Parse(request.StartsWith("\uFEFF"u8) ? request[3..].ToArray() : request.ToArray());
            using JsonDocument id = JsonDocument.Parse(head.Id.ToArray());
            Assert.True(JsonElement.DeepEquals(document.RootElement.EnumerateObject().Single(p => p.Name == "id").Value, id.RootElement));
        }

        return isValid;
    }

    /// <summary>Where the first value ends, if it is an object and valid.</summary>
    private static bool TryEnd(ReadOnlySpan<byte> bytes, out int end)
    {
        int mark = bytes.StartsWith("\uFEFF"u8) ? 3 : 0;
        end = 0;
        var reader = new Utf8JsonReader(bytes[mark..], isFinalBlock: true, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64, AllowMultipleValues = true }));
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !reader.TrySkip())
            {
                return false;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        end = mark + (int)reader.BytesConsumed;
        return true;
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);
}
