using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>
/// Every one of <see cref="ShortPrograms"/> with every outcome: each hook ends well, fails or throws, each rectifier ends well or fails.
/// Outcomes are chosen call by call as they are asked for, so those of calls that never happen are not counted.
/// </summary>
public sealed class EveryShortProgramTests
{
    private static readonly Act s_fail = new(Ending.Fail, false, []);
    private static readonly Act s_throw = new(Ending.ThrowSomething, false, []);

    /// <summary>RYUSO_EVERY_PROGRAM=1 is the long form: some minutes.</summary>
    private static readonly bool s_long = Environment.GetEnvironmentVariable("RYUSO_EVERY_PROGRAM") is { Length: > 0 };

    // The counts stand here so that the enumeration cannot shrink unseen.
    [Fact]
    public Task Every_program_of_up_to_three_hooks_in_a_row_runs_as_the_interpreter_says_whatever_fails() =>
        RunAllAsync(ShortPrograms.Specs(most: 3, depth: 0), expectedPrograms: 2_366, expectedRuns: 107_906);

    [Fact]
    public Task Every_program_of_up_to_two_hooks_nested_two_deep_does_so_too() =>
        RunAllAsync(ShortPrograms.Specs(most: 2, depth: 2), expectedPrograms: 450, expectedRuns: 5_922);

    [Fact]
    public async Task Every_program_of_up_to_three_hooks_nested_two_deep_does_so_too()
    {
        // In the short form every 97th spec stands for the rest.
        IEnumerable<JsonObject> specs = ShortPrograms.Specs(most: 3, depth: 2);
        await (s_long ? RunAllAsync(specs, 134_702, 6_663_834) : RunAllAsync(specs.Where((_, i) => i % 97 == 0), 1_403, 76_281));
    }

    private static async Task RunAllAsync(IEnumerable<JsonObject> specs, int expectedPrograms, int expectedRuns)
    {
        int programs = 0;
        int runs = 0;
        await Parallel.ForEachAsync(specs, TestContext.Current.CancellationToken, async (spec, _) =>
        {
            foreach (string program in spec["programs"]!.AsObject().Select(p => p.Key).Where(p => p[0] == 'p'))
            {
                Interlocked.Increment(ref programs);
                Interlocked.Add(ref runs, await RunEveryWayAsync(spec, program));
            }
        });
        Assert.Equal((expectedPrograms, expectedRuns), (programs, runs));
    }

    /// <summary>Counts up through the outcomes: the last choice that has another outcome takes it, and those after it begin anew.</summary>
    private static async Task<int> RunEveryWayAsync(JsonObject spec, string program)
    {
        List<(int Choice, int Choices)> outcomes = [];
        Act Choose(int call, bool isRectifying)
        {
            if (call == outcomes.Count)
            {
                outcomes.Add((0, isRectifying ? 2 : 3));
            }

            return outcomes[call].Choice switch { 0 => Act.Ok, 1 => s_fail, _ => s_throw };
        }

        var hooks = new ScriptedHooks(Choose, looked: []);
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            spec.ToJsonString(),
            (hook, pool, context) => hooks.CallAsync(hook, "", pool, context),
            time: new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(NaiveInterpreter.Now)));
        int runs = 0;
        do
        {
            await SameAsInterpreter.AssertAsync(spec, new Request(program, [], [], 0), orchestrator, hooks);
            runs++;
            while (outcomes.Count > 0 && outcomes[^1].Choice == outcomes[^1].Choices - 1)
            {
                outcomes.RemoveAt(outcomes.Count - 1);
            }

            if (outcomes.Count > 0)
            {
                outcomes[^1] = (outcomes[^1].Choice + 1, outcomes[^1].Choices);
            }
        }
        while (outcomes.Count > 0);
        return runs;
    }
}
