using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>
/// Requests of random specs with keys, all sent at once: each is answered as if it ran by itself in the order of arrival, and what shares a
/// key, or runs alone, never overlaps.
/// </summary>
public sealed class SideBySideTests
{
    /// <summary>RYUSO_RANDOM_KEYED_SPECS=100000 is the long form.</summary>
    private static readonly int s_specs = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_KEYED_SPECS"), CultureInfo.InvariantCulture, out int n) ? n : 2_000;

    // As JSON: 1 and "1" are one key. A list gives several, or none.
    private static readonly string[][] s_keys = [["1", "2", "3"], ["\"1\"", "\"2\"", "\"x\""], ["[1,\"2\"]", "[]", "[\"3\",\"3\"]"]];

    private static readonly string[]?[] s_programKeys = [null, [], ["k"], ["j"], ["k", "j"], ["k"], ["j", "k"], ["k"]];

    private static readonly Gen<KeyedCase> s_any = Gen.Select(
        RandomCase.AnySpec,
        Gen.Int[0, 7].Array[9],
        Gen.Int[0, 2].Array[2],
        Gen.Select(RandomCase.AnyRequest, Gen.Int[0, 2], Gen.Int[0, 2], (request, k, j) => (request, k, j)).Array[2, 6],
        RandomCase.AnyActs,
        Gen.Int[0, 60],
        (spec, keys, types, requests, acts, overwritten) =>
        {
            foreach ((string name, JsonNode? program) in spec["programs"]!.AsObject())
            {
                if (s_programKeys[keys[name[1] - '0']] is not { } key)
                {
                    continue;
                }

                program!["key"] = new JsonArray([.. key.Select(k => (JsonNode)k)]);
                foreach (string argument in key)
                {
                    string type = ((string[])["int", "string", "list"])[types[argument == "k" ? 0 : 1]];
                    program["args"]![argument] = new JsonObject { ["type"] = type, ["required"] = true };
                }
            }

            // A hook that changes a key's variable: a nested program may then need a key that the run does not hold.
            if (overwritten < 4)
            {
                acts = [acts[0] with { Writes = [.. acts[0].Writes, new Write("k", s_keys[types[0]][overwritten % 3])] }, .. acts.Skip(1)];
            }

            return new KeyedCase(spec, [.. requests.Select((r, i) => WithKeys(r.request, types, r.k, r.j, i))], acts);
        });

    [Fact]
    public async Task Each_request_is_answered_as_in_the_order_of_arrival_and_what_shares_a_key_never_overlaps()
    {
        var seen = new ConcurrentDictionary<string, int>();
        await s_any.SampleAsync(random => RunAsync(random, seen), iter: s_specs, print: random => random.ToString());

        // A generator that no longer reaches these would make the comparison empty.
        Assert.All(
            ["overlap", "turn", "success", "failure", "stuck", "quarantined", "missing key", "empty key"],
            what => Assert.True(seen.GetValueOrDefault(what) > s_specs / 200, $"{what}: {string.Join(", ", seen)}"));
    }

    private static async Task RunAsync(KeyedCase random, ConcurrentDictionary<string, int> seen)
    {
        ScriptedHooks[] hooks = [.. random.Requests.Select((_, i) => new ScriptedHooks((call, isRectifying) => random.Act(call + (7 * i), isRectifying), Call.Everything))];
        var entered = new List<int>();
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            random.Spec.ToJsonString(),
            (hook, pool, context) =>
            {
                int request = context.RunId[1] - '0';
                lock (entered)
                {
                    entered.Add(request);
                }

                return hooks[request].CallAsync(hook, "", pool, context);
            },
            time: new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(NaiveInterpreter.Now)));

        ArrayBufferWriter<byte>[] answers = [.. random.Requests.Select(_ => new ArrayBufferWriter<byte>())];
        Task[] runs = [.. random.Requests.Select((request, i) => orchestrator.RunRequestAsync(request.ToBytes(), answers[i], CancellationToken.None).AsTask())];
        await Task.WhenAll(runs).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var kept = new HashSet<string>();
        var began = new List<(int Request, IReadOnlyCollection<string>? Keys)>();
        for (int i = 0; i < random.Requests.Length; i++)
        {
            Request request = random.Requests[i];
            var naive = new NaiveInterpreter(random.Spec, hooks[i].Script, hooks[i].Looked, keys => keys.Any(kept.Contains));
            string expected = naive.Answer(request.Program, request.DataPool, request.Metadata);
            SameAsInterpreter.AssertSame(random.Spec, request, naive.Calls, expected, hooks[i].Calls, Encoding.UTF8.GetString(answers[i].WrittenSpan));
            if (naive.IsStuck)
            {
                kept.UnionWith(naive.Keys ?? []);
            }

            if (naive.Began)
            {
                began.Add((i, naive.Keys));
            }

            Count(expected, seen);
        }

        foreach (var (earlier, keys) in began)
        {
            foreach (var (later, others) in began.Where(run => run.Request > earlier))
            {
                bool isOverlap = entered.Contains(later) && entered.IndexOf(later) < entered.LastIndexOf(earlier);
                bool mustWait = keys is null || others is null || keys.Intersect(others).Any();
                Assert.False(isOverlap && mustWait, $"Request {later} ran before {earlier} had ended: {string.Join(' ', entered)}");
                seen.AddOrUpdate(isOverlap ? "overlap" : mustWait ? "turn" : "beside", 1, (_, count) => count + 1);
            }
        }

        Assert.True(kept.Count > 0 || orchestrator.Lanes is not Ryuso.Orchestration.KeyedLanes { IsEmpty: false }, "Something is left in the lanes.");
    }

    private static void Count(string answer, ConcurrentDictionary<string, int> seen)
    {
        string what = !answer.Contains("\"_program_fail\":true", StringComparison.Ordinal) ? "success"
            : answer.Contains("\"quarantined\"", StringComparison.Ordinal) ? "quarantined"
            : answer.Contains("which the run does not hold", StringComparison.Ordinal) ? "missing key"
            : answer.Contains("must give it one key", StringComparison.Ordinal) ? "empty key"
            : answer.Contains("\"_rectifier_fail\":true", StringComparison.Ordinal) ? "stuck" : "failure";
        seen.AddOrUpdate(what, 1, (_, count) => count + 1);
    }

    private static Request WithKeys(Request request, int[] types, int k, int j, int number)
    {
        var pool = (JsonObject)request.DataPool.DeepClone();
        pool["k"] = JsonNode.Parse(s_keys[types[0]][k]);
        pool["j"] = JsonNode.Parse(s_keys[types[1]][j]);
        return request with { DataPool = pool, RunId = $"r{number}" };
    }

    private sealed record KeyedCase(JsonObject Spec, Request[] Requests, Act[] Acts)
    {
        public Act Act(int call, bool isRectifying) => Acts[(call + (isRectifying ? 1 : 0)) % Acts.Length];

        public override string ToString() => string.Join(
            '\n',
            [JsonText.Of(Spec)!, .. Requests.Select(r => r.ToString()), .. Acts.Select((act, i) => $"call {i}: {act}")]);
    }
}
