using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;

namespace Ryuso.Tests.Running;

/// <summary>The compiled line does what the recursive words of the seed say, for random specs and outcomes.</summary>
public sealed class PlanEqualsSpecificationTests
{
    private const int HookCount = 7;
    private const int ProgramCount = 3;

    /// <summary>RYUSO_RANDOM_SPECS=100000 is the long form.</summary>
    private static readonly int s_specs = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_SPECS"), CultureInfo.InvariantCulture, out int n) ? n : 2_000;

    // Hook i refers to hooks above i only, and program i to programs above i and hooks below HookCount: no cycles.
    private static readonly Gen<JsonObject> s_spec = Gen.Select(
        Gen.Int[0, 9].Array[0, 2].Array[HookCount],
        Gen.Int[0, 9].Array[0, 2].Array[HookCount],
        Gen.Int[0, 9].Array[0, 4].Array[ProgramCount],
        Spec);

    [Fact]
    public void Trace_order_of_calls_and_outcome_equal_those_of_the_naive_interpreter() =>
        Gen.Select(s_spec, Gen.Int[0, 99].Array[8, 40], Gen.Int[0, 45]).Sample(
            (spec, dice, threshold) =>
            {
                (JsonObject expected, string[] expectedCalls) = Expected(spec, dice, threshold);
                (JsonObject actual, string[] actualCalls) = Actual(spec, dice, threshold);
                Assert.Equal(expectedCalls, actualCalls);
                foreach ((string name, JsonNode? value) in expected)
                {
                    Assert.Equal($"{name}: {value!.ToJsonString()}", $"{name}: {actual[name]?.ToJsonString()}");
                }

                Assert.Equal(expected.Count == 0, actual.Count == 0);
            },
            iter: s_specs,
            threads: 1);

    private static (JsonObject Answer, string[] Calls) Expected(JsonObject spec, int[] dice, int threshold)
    {
        List<string> calls = [];
        var interpreter = new NaiveInterpreter(spec, name => { calls.Add(name); return Succeeds(dice, threshold, calls.Count); });
        return (interpreter.Run("p0"), [.. calls]);
    }

    private static (JsonObject Answer, string[] Calls) Actual(JsonObject spec, int[] dice, int threshold)
    {
        List<string> calls = [];
        var orchestrator = SpecOrchestrator.Of(spec.ToJsonString(), (name, _, _) =>
        {
            calls.Add(name);
            return Succeeds(dice, threshold, calls.Count) ? default
                : calls.Count % 2 == 0 ? throw new HookFailedException("thrown")
                : new ValueTask<HookResult>(HookResult.Fail("told"));
        });
        return (orchestrator.AnswerAsync("p0").GetAwaiter().GetResult(), [.. calls]);
    }

    private static bool Succeeds(int[] dice, int threshold, int call) => dice[call % dice.Length] >= threshold;

    private static JsonObject Spec(int[][] dependencies, int[][] rectifiers, int[][] programs)
    {
        var hooks = new JsonObject();
        for (int i = 0; i < HookCount; i++)
        {
            hooks["h" + i] = new JsonObject
            {
                ["reference"] = "t.hooks.h" + i,
                ["args"] = new JsonObject(),
                ["dependencies"] = Higher(dependencies[i], i),
                ["rectifiers"] = Higher(rectifiers[i], i),
            };
        }

        var all = new JsonObject();
        for (int p = 0; p < ProgramCount; p++)
        {
            all["p" + p] = new JsonObject
            {
                ["hooks"] = new JsonArray([.. programs[p].Select(r => (JsonNode)(r >= HookCount && p + r - HookCount + 1 < ProgramCount ? "programs.p" + (p + r - HookCount + 1) : "hooks.h" + (r % HookCount)))]),
                ["args"] = new JsonObject(),
                ["outputs"] = new JsonObject(),
            };
        }

        return new JsonObject { ["name"] = "t", ["programs"] = all, ["hooks"] = hooks };
    }

    private static JsonArray Higher(int[] picks, int above) =>
        [.. picks.Where(p => p > above && p < HookCount).Select(p => (JsonNode)("hooks.h" + p))];
}
