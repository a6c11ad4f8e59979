using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ryuso.Journal.Tests.Files;
using Ryuso.Journal.Tests.Memory;
using Ryuso.Sqlite;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests;

/// <summary>Stuck runs, and what an operator does about them.</summary>
public sealed class OperatorTests
{
    private readonly List<string> _calls = [];
    private readonly Disk _disk = new([]);
    private string _broken = "ub";

    [Fact]
    public async Task Retried_a_run_goes_on_at_the_rectifier_that_failed()
    {
        (SpecOrchestrator orchestrator, MemoryJournal journal) = await StuckAsync();
        _broken = "";
        await new StuckRunOperations(journal).RetryAsync("r", "ann", TestContext.Current.CancellationToken);
        Assert.Equal(["ub", "ua"], _calls);
        JsonObject answer = await orchestrator.AskAsync("back", "r");
        Assert.Equal("""["hooks.c","hooks.b","hooks.a"]""", answer["_rectified"]!.ToJsonString());
        Assert.False((bool?)answer["_rectifier_fail"]);
        JournaledRun run = await FindAsync(journal);
        Assert.Equal((RunStatus.Rectified, "fail says no.", "fail says no."), (run.Status, run.Error, (string?)answer["_error"]));
    }

    /// <summary>An unfinished run is left by a process that ended only before the first run begins. Later it is another one under way.</summary>
    [Fact]
    public async Task Decision_on_one_run_leaves_every_other_alone()
    {
        (_, MemoryJournal journal) = await StuckAsync();
        _disk.Events.AddRange(_disk.Events.Where(e => e.RunId == "r").TakeWhile(e => e.Kind != JournalEventKind.CompensationStarted).Select(e => e with { RunId = "alive" }).ToArray());
        _broken = "";
        await new StuckRunOperations(journal).RetryAsync("r", "ann", TestContext.Current.CancellationToken);
        Assert.Equal(["ub", "ua"], _calls);
        Assert.Equal(RunStatus.Unfinished, (await journal.FindAsync("alive", cancellationToken: TestContext.Current.CancellationToken))!.Status);
    }

    [Fact]
    public async Task A_stuck_run_tells_what_failed_first_and_what_failed_on_the_way_back()
    {
        var log = new List<string>();
        (_, MemoryJournal journal) = await StuckAsync(log: new ListLogger(log));
        JournaledRun run = await FindAsync(journal);
        Assert.Equal(("hooks.fail failed: fail says no.", "ub says no."), (run.Cause, run.Error));
        Assert.Equal("ub says no.", (string?)JsonNode.Parse(run.Answer!)!["_error"]);
        Assert.Contains(log, line => line.Contains("is stuck: hooks.fail failed (fail says no.), and on the way back the rectifier step hooks.ub failed (ub says no.)", StringComparison.Ordinal));
        await Orchestrator(logger: new ListLogger(log)).UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.Contains("has been stuck since", log[^1], StringComparison.Ordinal);
        Assert.Contains("hooks.fail failed: fail says no. On the way back: ub says no.", log[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Skipped_a_run_goes_on_behind_the_rectifier_that_failed_and_says_so()
    {
        (SpecOrchestrator orchestrator, MemoryJournal journal) = await StuckAsync();
        await new StuckRunOperations(journal).SkipAsync("r", "ann", "done by hand", TestContext.Current.CancellationToken);
        Assert.Equal(["ua"], _calls);
        JsonObject answer = await orchestrator.AskAsync("back", "r");
        Assert.Equal("""["hooks.c","hooks.a"]""", answer["_rectified"]!.ToJsonString());
        Assert.Equal("""["hooks.b"]""", answer["_unrectified"]!.ToJsonString());
        JournaledRun run = await FindAsync(journal);
        Assert.Equal(RunStatus.ResolvedWithSkips, run.Status);
        Assert.Contains(run.Events, e => e is { Kind: JournalEventKind.SkipRequested, By: "ann", Reason: "done by hand", Time: > 0 });
    }

    [Fact]
    public async Task A_run_that_is_taken_up_again_has_a_span_of_its_own_that_says_how_it_ended()
    {
        (_, MemoryJournal journal) = await StuckAsync("watched");
        var outcomes = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Ryuso",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if ((string?)span.GetTagItem("ryuso.run_id") == "watched")
                {
                    outcomes.Enqueue((string?)span.GetTagItem("ryuso.outcome"));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await new StuckRunOperations(journal).SkipAsync("watched", "ann", "done by hand", TestContext.Current.CancellationToken);
        Assert.Equal(["resolved_with_skips"], outcomes);
    }

    [Fact]
    public async Task Abandoned_a_run_is_closed_and_nothing_more_is_touched()
    {
        (SpecOrchestrator orchestrator, MemoryJournal journal) = await StuckAsync();
        var stuck = new StuckRunOperations(journal);
        Assert.Equal("r", Assert.Single(await stuck.ListAsync(cancellationToken: TestContext.Current.CancellationToken)).RunId);
        await stuck.AbandonAsync("r", "ann", "agreed", TestContext.Current.CancellationToken);
        Assert.Empty(_calls);
        Assert.Empty(await stuck.ListAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(RunStatus.Abandoned, (await FindAsync(journal)).Status);
        Assert.True((bool?)(await orchestrator.AskAsync("back", "r"))["_rectifier_fail"]);
    }

    [Fact]
    public async Task Retried_in_vain_a_run_is_stuck_again()
    {
        (_, MemoryJournal journal) = await StuckAsync();
        await new StuckRunOperations(journal).RetryAsync("r", "ann", TestContext.Current.CancellationToken);
        Assert.Equal(["ub"], _calls);
        Assert.Equal(RunStatus.Stuck, (await FindAsync(journal)).Status);
    }

    [Fact]
    public async Task A_decision_needs_a_stuck_run_a_name_and_a_reason()
    {
        (SpecOrchestrator orchestrator, MemoryJournal journal) = await StuckAsync();
        await orchestrator.AskAsync("one", "well");
        var stuck = new StuckRunOperations(journal);
        Assert.Contains("no run 'x'", (await Assert.ThrowsAsync<JournalException>(() => stuck.RetryAsync("x", "ann", TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        Assert.Contains("not stuck but Succeeded", (await Assert.ThrowsAsync<JournalException>(() => stuck.RetryAsync("well", "ann", TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => stuck.RetryAsync("r", " ", TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => stuck.SkipAsync("r", "ann", "", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_decision_written_into_the_file_by_another_process_is_carried_out_by_the_running_server()
    {
        using var folder = TemporaryFolder.InMemory();
        await using var journal = new SqliteJournal(folder.File("j.db"));
        var retried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        SpecOrchestrator orchestrator = Orchestrator(name =>
        {
            if (name == "ua")
            {
                retried.SetResult();
            }
        });
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await orchestrator.AskAsync("back", "r");
        _broken = "";
        await using (SqliteJournal tool = SqliteJournal.ForOperator(folder.File("j.db")))
        {
            await tool.OpenAsync(TestContext.Current.CancellationToken);
            await new StuckRunOperations(tool).RetryAsync("r", "ann", TestContext.Current.CancellationToken);
        }

        await retried.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False((bool?)(await orchestrator.AskAsync("back", "r"))["_rectifier_fail"]);
    }

    [Fact]
    public async Task A_decision_made_while_no_server_runs_is_carried_out_at_the_next_start()
    {
        using var folder = TemporaryFolder.InMemory();
        await using (var journal = new SqliteJournal(folder.File("j.db")))
        {
            SpecOrchestrator orchestrator = Orchestrator();
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            await orchestrator.AskAsync("back", "r");
        }

        await using (SqliteJournal tool = SqliteJournal.ForOperator(folder.File("j.db")))
        {
            await tool.OpenAsync(TestContext.Current.CancellationToken);
            await new StuckRunOperations(tool).SkipAsync("r", "ann", "by hand", TestContext.Current.CancellationToken);
        }

        await using var again = new SqliteJournal(folder.File("j.db"));
        await Orchestrator().UseJournalAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.ResolvedWithSkips, (await again.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken))!.Status);
    }

    private SpecOrchestrator Orchestrator(Action<string>? called = null, ILogger? logger = null) => new(TestSpec.Steps, (name, _, _) =>
    {
        _calls.Add(name);
        bool ok = name != "fail" && name != _broken;
        if (ok)
        {
            called?.Invoke(name);
        }

        return new(ok ? HookResult.Ok : HookResult.Fail($"{name} says no."));
    }, logger);

    /// <summary>The run has reversed c and failed to reverse b.</summary>
    private async Task<(SpecOrchestrator Orchestrator, MemoryJournal Journal)> StuckAsync(string runId = "r", ILogger? log = null)
    {
        var journal = new MemoryJournal(_disk, new Crash());
        SpecOrchestrator orchestrator = Orchestrator(logger: log);
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        JsonObject answer = await orchestrator.AskAsync("back", runId);
        Assert.True((bool?)answer["_rectifier_fail"]);
        _calls.Clear();
        return (orchestrator, journal);
    }

    private static async Task<JournaledRun> FindAsync(MemoryJournal journal) => (await journal.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken))!;

    internal sealed class ListLogger(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }
}
