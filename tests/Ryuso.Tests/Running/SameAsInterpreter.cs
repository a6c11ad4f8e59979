using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Running;

/// <summary>Runs one request both ways and compares every call and the answer.</summary>
internal static class SameAsInterpreter
{
    /// <returns>The answer.</returns>
    public static async Task<string> AssertAsync(JsonObject spec, Request request, Orchestrator orchestrator, ScriptedHooks hooks, bool withArgs = false)
    {
        var naive = new NaiveInterpreter(spec, hooks.Script, hooks.Looked);
        string expected = naive.Answer(request.Program, request.DataPool, request.Metadata);
        hooks.Clear();
        var answer = new ArrayBufferWriter<byte>();
        await orchestrator.RunRequestAsync(request.ToBytes(), answer, CancellationToken.None);
        AssertSame(spec, request, naive.Calls, expected, hooks.Calls, Encoding.UTF8.GetString(answer.WrittenSpan), withArgs);
        return expected;
    }

    public static void AssertSame(
        JsonObject spec, Request request, IReadOnlyList<Call> expectedCalls, string expected, IReadOnlyList<Call> calls, string answer, bool withArgs = false)
    {
        for (int i = 0; i < Math.Max(expectedCalls.Count, calls.Count); i++)
        {
            Call? call = expectedCalls.ElementAtOrDefault(i);
            call = withArgs || call is null ? call : call with { Args = "" };
            if (call != calls.ElementAtOrDefault(i))
            {
                Assert.Equal($"{i}: {call}", $"{i}: {calls.ElementAtOrDefault(i)}");
            }
        }

        Assert.Equal(
            expected,
            answer.Contains("\"_program_fail\":", StringComparison.Ordinal) ? Ordered(answer, spec["programs"]?[request.Program]?["outputs"], expected) : answer);
    }

    /// <summary>The outputs in their order, then the magic variables by name, without what differs from run to run.</summary>
    private static string Ordered(string answer, JsonNode? outputs, string expected)
    {
        var parts = (JsonObject)JsonNode.Parse(answer)!;
        if (parts["_server_error"] is null)
        {
            Assert.True(parts.Remove("_run_id"));
        }
        else if (!expected.Contains("_server_error", StringComparison.Ordinal))
        {
            Assert.NotEqual("", (string)parts["_server_error"]!);
            parts.Remove("_server_error");
        }

        return $"{{{string.Join(',', parts.OrderBy(p => outputs?[p.Key] is null ? p.Key : "", StringComparer.Ordinal).Select(p => $"\"{p.Key}\":{Raw(p.Value)}"))}}}";
    }

    /// <summary>Digits just as they came, so that a float without a fraction shows.</summary>
    private static string Raw(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number ? value.ToJsonString() : JsonText.Of(value)!;
}
