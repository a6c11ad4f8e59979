using System.Text.Json.Nodes;
using Ryuso.Cli.Calls;
using Ryuso.Cli.Client;
using Ryuso.Cli.Plans;
using Ryuso.Cli.Specs;
using Ryuso.Spec;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>The timeline of a failed run, held to what the runtime really did.</summary>
public sealed class TimelineTests
{
    private const string Everything = """
        { "name": "T",
          "programs": {
            "p": { "hooks": ["a", "programs.inner", "c", "a", "d"], "args": {}, "outputs": { "x": { "type": "int", "required": false } } },
            "inner": { "hooks": ["b"], "args": {}, "outputs": {} } },
          "hooks": {
            "a": { "reference": "t.a", "args": {}, "rectifiers": ["ua", "ub"] },
            "b": { "reference": "t.b", "args": {}, "dependencies": ["e", "f"], "rectifiers": ["ub"] },
            "c": { "reference": "t.c", "args": {}, "retry": { "attempts": 2, "delay_ms": 0 }, "rectify_self": true, "rectifiers": ["uc"] },
            "d": { "reference": "t.d", "args": {}, "dependencies": ["programs.inner"] },
            "e": { "reference": "t.e", "args": {}, "rectifiers": ["ua"] },
            "f": { "reference": "t.f", "args": {} },
            "ua": { "reference": "t.ua", "args": {} },
            "ub": { "reference": "t.ub", "args": {}, "dependencies": ["g"] },
            "uc": { "reference": "t.uc", "args": {}, "retry": { "attempts": 2, "delay_ms": 0 } },
            "g": { "reference": "t.g", "args": {} } } }
        """;

    [Fact]
    public async Task Whatever_fails_the_timeline_tells_what_the_runtime_did()
    {
        PlanTree tree = PlanTree.Of(new LoadedSpec("t.ryu.json", SpecReader.Read(Everything)), "p");
        int failedRuns = 0, unsure = 0;
        int[] failing = [];
        List<string> calls = [];
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Everything, (hook, _) =>
        {
            calls.Add(hook);
            return failing.Contains(calls.Count - 1) ? HookResult.Fail("no") : HookResult.Ok;
        });
        foreach (int[] triple in Triples(20))
        {
            failing = triple;
            calls.Clear();
            var answer = new Answer(await orchestrator.AnswerAsync("p"));
            if (!answer.Failed)
            {
                continue;
            }

            failedRuns++;
            List<TimelineEntry>? timeline = Timeline.Of(tree, answer);
            Assert.NotNull(timeline);
            List<TimelineEntry> suspects = timeline.FindAll(e => e.Fate == StepFate.MayHaveFailed);
            if (suspects.Count > 0)
            {
                // Hooks of the way back have other names in this spec, so the last of the others is the one that failed.
                unsure++;
                Assert.True(answer.Stuck);
                Assert.Contains("hooks." + calls.Last(c => c is not ("ua" or "ub" or "uc" or "g")), suspects.Select(s => s.Reference));
                continue;
            }

            Assert.Equal(Calls(timeline), calls.Select(c => "hooks." + c));
            Assert.Equal(timeline.Count(e => e.Fate is StepFate.Failed or StepFate.UndoFailed), answer.Stuck ? 2 : 1);
        }

        // A run can be stuck and its trace not tell whether a dependency failed or the hook right behind it.
        Assert.True(failedRuns > 1000 && unsure * 3 < failedRuns, $"{unsure} of {failedRuns} timelines are unsure.");
    }

    [Fact]
    public void A_trace_of_another_spec_has_no_timeline()
    {
        PlanTree tree = PlanTree.Of(new LoadedSpec("t.ryu.json", SpecReader.Read(Everything)), "p");
        var answer = new Answer((JsonObject)JsonNode.Parse("""{ "_program_fail": true, "_last_failed_program": "hooks.a", "_traceback": ["hooks.z", "hooks.a"] }""")!);
        Assert.Null(Timeline.Of(tree, answer));
    }

    /// <summary>The calls that a timeline speaks of, in order.</summary>
    private static IEnumerable<string> Calls(List<TimelineEntry> timeline) =>
        timeline.Where(e => e.Fate != StepFate.NotReached).SelectMany(e => Enumerable.Repeat(e.Reference, e.Tries));

    /// <summary>Every set of at most three calls that fail.</summary>
    private static IEnumerable<int[]> Triples(int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            for (int j = i; j < calls; j++)
            {
                for (int k = j; k < calls; k++)
                {
                    yield return [i, j, k];
                }
            }
        }
    }
}
