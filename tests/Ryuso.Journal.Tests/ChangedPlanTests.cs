using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Journal.Tests.Memory;
using Ryuso.Testing;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests;

/// <summary>The process ended, and another version of the program starts: the run goes back the way that it came.</summary>
public sealed class ChangedPlanTests
{
    private const string Before = """{"main":["hooks.a","hooks.b","hooks.stop"],"a":["hooks.ua"],"b":["hooks.ub1","hooks.ub2"]}""";

    private readonly Disk _disk = new([]);
    private readonly List<string> _calls = [];

    [Theory]
    [InlineData("""{"main":["hooks.b","hooks.x","hooks.a","hooks.stop"],"a":["hooks.ua"],"b":["hooks.ub1","hooks.ub2"]}""")]
    [InlineData("""{"main":["hooks.stop"],"a":["hooks.ub1"],"b":["hooks.ua","hooks.ub2"]}""")]
    [InlineData("""{"other":["hooks.ua","hooks.ub1","hooks.ub2"]}""")]
    public async Task It_is_reversed_by_the_recorded_references_where_all_still_exist(string after)
    {
        JournaledRun run = await CrashAndStartAsync(after);
        Assert.Equal(["ub1", "ub2", "ua"], _calls);
        Assert.Equal(RunStatus.Rectified, run.Status);
        Assert.Equal("""["hooks.b","hooks.a"]""", JsonNode.Parse(run.Answer!)!["_rectified"]!.ToJsonString());
        Assert.Equal("""["hooks.a","hooks.b","hooks.ub1","hooks.ub2","hooks.ua"]""", JsonNode.Parse(run.Answer!)!["_traceback"]!.ToJsonString());
    }

    [Fact]
    public async Task It_is_stuck_and_says_so_where_a_hook_is_gone_and_goes_on_when_it_is_back()
    {
        JournaledRun run = await CrashAndStartAsync("""{"main":["hooks.a","hooks.b"],"b":["hooks.ub1","hooks.ub2"]}""");
        Assert.Empty(_calls);
        Assert.Equal(RunStatus.Stuck, run.Status);
        Assert.Contains("no longer has hooks.ua.", run.Error, StringComparison.Ordinal);
        await new StuckRunOperations(new MemoryJournal(_disk, new Crash())).RetryAsync("r", "ann", TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Rectified, (await StartAsync(Before)).Status);
        Assert.Equal(["ub1", "ub2", "ua"], _calls);
    }

    private async Task<JournaledRun> CrashAndStartAsync(string after)
    {
        var journal = new MemoryJournal(_disk, new Crash());
        var orchestrator = new SpecOrchestrator(Compile(Before), async (name, _, _) =>
        {
            if (name == "stop")
            {
                await journal.FindAsync("r", cancellationToken: CancellationToken.None);
                await new Crash().EndAsync(name);
            }

            return HookResult.Ok;
        });
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.False(orchestrator.RunAsync("main", null, new CallOptions { RunId = "r" }, TestContext.Current.CancellationToken).IsCompleted);
        return await StartAsync(after);
    }

    private async Task<JournaledRun> StartAsync(string shorthand)
    {
        var journal = new MemoryJournal(_disk, new Crash());
        var orchestrator = new SpecOrchestrator(Compile(shorthand), (name, _, _) =>
        {
            _calls.Add(name);
            return new(HookResult.Ok);
        });
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        return (await journal.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken))!;
    }

    /// <summary>"main" and "other" are programs, the rest hooks with their rectifiers; hooks only named are added.</summary>
    private static SpecDefinition Compile(string shorthand)
    {
        var source = (JsonObject)JsonNode.Parse(shorthand)!;
        JsonObject programs = [], hooks = [];
        foreach ((string name, JsonNode? list) in source)
        {
            if (name is "main" or "other")
            {
                programs[name] = new JsonObject { ["hooks"] = list!.DeepClone(), ["args"] = new JsonObject(), ["outputs"] = new JsonObject() };
            }
        }

        foreach (string hook in source.SelectMany(p => p.Value!.AsArray().Select(r => r!.GetValue<string>()["hooks.".Length..]).Append(p.Key)).Distinct().Where(n => n is not ("main" or "other")))
        {
            hooks[hook] = new JsonObject { ["reference"] = "t." + hook, ["args"] = new JsonObject(), ["rectifiers"] = source[hook]?.DeepClone() ?? new JsonArray() };
        }

        return SpecDefinitions.Compile(new JsonObject { ["name"] = "t", ["programs"] = programs, ["hooks"] = hooks }.ToJsonString());
    }
}
