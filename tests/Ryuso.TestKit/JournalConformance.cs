namespace Ryuso.TestKit;

/// <summary>What every journal must do, whatever it keeps its events in. Derive from it, and say how one is made and opened again.</summary>
public abstract class JournalConformance : IAsyncDisposable
{
    private readonly List<IJournal> _opened = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A journal over what earlier ones of the same test have recorded; not open yet.</summary>
    protected abstract IJournal Create();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (IJournal journal in _opened)
        {
            await journal.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Append_gives_each_event_a_greater_position_than_the_one_before()
    {
        IJournal journal = await OpenAsync();
        long[] positions = [.. Events("r").Select(journal.Append)];
        Assert.True(positions[0] > 0);
        Assert.Equal(positions.Order().Distinct(), positions);
    }

    [Fact]
    public async Task Nothing_is_durable_before_its_barrier_and_everything_up_to_it_after()
    {
        IJournal journal = await OpenAsync();
        long[] positions = [.. Events("r").Select(journal.Append)];
        Assert.True(journal.IsDurable(0));
        Assert.False(journal.IsDurable(positions[0]));
        await journal.FlushAsync(positions[1], canWait: false, Cancel);
        Assert.True(journal.IsDurable(positions[0]));
        Assert.True(journal.IsDurable(positions[1]));
        Assert.True(journal.DurablePosition >= positions[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Barrier_of_a_durable_position_ends_at_once(bool canWait)
    {
        IJournal journal = await OpenAsync();
        long position = journal.Append(Accepted("r"));
        await journal.FlushAsync(position, canWait, Cancel);
        Assert.True(journal.FlushAsync(position, canWait, Cancel).AsTask().IsCompletedSuccessfully);
        Assert.True(journal.FlushAsync(0, canWait, Cancel).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Run_is_found_with_every_member_of_every_event_in_order()
    {
        IJournal journal = await OpenAsync();
        JournalEvent[] events = Events("r");
        Array.ForEach(events, entry => journal.Append(entry));
        JournaledRun run = (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!;
        Assert.Equal(events.Select(e => e with { Accepted = null, Answer = null }), run.Events.Select(e => e with { Accepted = null, Answer = null }));
        Assert.Equal((RunStatus.Stuck, "undo failed", "hooks.b failed: no", """{"a":1}""", 80L), (run.Status, run.Error, run.Cause, run.Answer, run.FinishedAt));
        RunAccepted accepted = events[0].Accepted!;
        Assert.Equal((accepted.Program, accepted.RequestHash, accepted.Plan, accepted.StartedAt), (run.Accepted.Program, run.Accepted.RequestHash, run.Accepted.Plan, run.Accepted.StartedAt));
        Assert.Equal(["ann", "7"], run.Accepted.Keys);
        Assert.Null(run.Damage);
        Assert.Empty((await journal.Runs.FindAsync("r", includeEvents: false, Cancel))!.Events);
        Assert.Null(await journal.Runs.FindAsync("R", cancellationToken: Cancel));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task Keys_that_are_absent_and_keys_that_are_none_are_told_apart(string? keys)
    {
        IJournal journal = await OpenAsync();
        journal.Append(Accepted("r", keys?.Split(',', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(keys is null ? null : [], (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!.Accepted.Keys);
    }

    [Fact]
    public async Task Events_of_several_runs_may_alternate()
    {
        IJournal journal = await OpenAsync();
        JournalEvent[][] runs = [.. Enumerable.Range(0, 20).Select(i => Events($"run-{i}"))];
        for (int i = 0; i < runs[0].Length; i++)
        {
            foreach (JournalEvent[] run in runs)
            {
                journal.Append(run[i]);
                if (i % 3 == 0)
                {
                    await journal.FlushAsync(journal.DurablePosition, canWait: false, Cancel);
                }
            }

            JournaledRun half = (await journal.Runs.FindAsync("run-7", cancellationToken: Cancel))!;
            Assert.Equal(runs[7][..(i + 1)].Select(e => e.Kind), half.Events.Select(e => e.Kind));
        }
    }

    [Fact]
    public async Task Lists_are_by_status_newest_first_in_pages()
    {
        IJournal journal = await OpenAsync();
        for (int i = 0; i < 5; i++)
        {
            journal.Append(Accepted($"run-{i}"));
        }

        journal.Append(Finished("run-1", RunStatus.Succeeded));
        journal.Append(Finished("run-3", RunStatus.Rectified));
        IReadOnlyList<JournaledRun> first = await journal.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 2 }, Cancel);
        IReadOnlyList<JournaledRun> rest = await journal.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Before = first[^1].Position, IncludeEvents = false }, Cancel);
        Assert.Equal(["run-4", "run-2"], first.Select(r => r.RunId));
        Assert.All(first, run => Assert.Single(run.Events));
        Assert.Equal(["run-0"], rest.Select(r => r.RunId));
        Assert.Empty(rest[0].Events);
        Assert.Equal("run-1", Assert.Single(await journal.Runs.ListAsync(new RunQuery(RunStatus.Succeeded), Cancel)).RunId);
        Assert.Equal("run-3", Assert.Single(await journal.Runs.ListAsync(new RunQuery(RunStatus.Rectified), Cancel)).RunId);
        Assert.Empty(await journal.Runs.ListAsync(new RunQuery(RunStatus.Stuck), Cancel));
    }

    [Theory]
    [InlineData(JournalEventKind.RetryRequested, RunStatus.Unfinished)]
    [InlineData(JournalEventKind.SkipRequested, RunStatus.Unfinished)]
    [InlineData(JournalEventKind.AbandonRequested, RunStatus.Abandoned)]
    public async Task Decision_on_a_stuck_run_is_recorded_and_raised_with_its_run(JournalEventKind kind, RunStatus status)
    {
        IJournal journal = await OpenAsync();
        var raised = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        journal.OperatorDecisionRecorded += (_, decision) => raised.TrySetResult(decision.RunId);
        journal.Append(Accepted("r"));
        journal.Append(Finished("r", RunStatus.Stuck));
        journal.Append(Accepted("other"));
        await journal.FlushAsync(journal.Append(Decision("r", kind)), canWait: false, Cancel);
        Assert.Equal("r", await raised.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
        JournaledRun run = (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!;
        Assert.Equal((status, "ann", "because"), (run.Status, run.Events[^1].By, run.Events[^1].Reason));
    }

    [Fact]
    public async Task Decision_on_a_run_that_is_not_stuck_is_ignored()
    {
        IJournal journal = await OpenAsync();
        journal.Append(Accepted("running"));
        journal.Append(Accepted("stuck"));
        journal.Append(Finished("stuck", RunStatus.Stuck));
        journal.Append(Decision("running", JournalEventKind.AbandonRequested));
        journal.Append(Decision("stuck", JournalEventKind.RetryRequested));
        await journal.FlushAsync(journal.Append(Decision("stuck", JournalEventKind.AbandonRequested)), canWait: false, Cancel);
        JournaledRun running = (await journal.Runs.FindAsync("running", cancellationToken: Cancel))!, stuck = (await journal.Runs.FindAsync("stuck", cancellationToken: Cancel))!;
        Assert.Equal((RunStatus.Unfinished, 1), (running.Status, running.Events.Count));
        Assert.Equal((RunStatus.Unfinished, JournalEventKind.RetryRequested), (stuck.Status, stuck.Events[^1].Kind));
    }

    [Fact]
    public async Task Run_that_is_retried_and_ends_again_has_its_last_outcome()
    {
        IJournal journal = await OpenAsync();
        journal.Append(Accepted("r"));
        journal.Append(Finished("r", RunStatus.Stuck));
        journal.Append(Decision("r", JournalEventKind.RetryRequested));
        journal.Append(Accepted("between"));
        journal.Append(new JournalEvent("r", JournalEventKind.RecoveryStarted, 5));
        Assert.Equal(4, (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!.Events.Count);
        journal.Append(Finished("r", RunStatus.Rectified));
        JournaledRun run = (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!;
        Assert.Equal((RunStatus.Rectified, 5), (run.Status, run.Events.Count));
        Assert.Equal([RunStatus.Stuck, RunStatus.Rectified], run.Events.Where(e => e.Kind == JournalEventKind.RunFinished).Select(e => e.Status));
        Assert.Empty(await journal.Runs.ListAsync(new RunQuery(RunStatus.Stuck), Cancel));
    }

    [Fact]
    public async Task Journal_that_is_opened_again_has_everything_that_was_appended_and_goes_on()
    {
        string? id;
        await using (IJournal journal = Create())
        {
            await journal.OpenAsync(Cancel);
            id = journal.Id;
            Array.ForEach(Events("ended"), entry => journal.Append(entry));
            journal.Append(Accepted("open"));
            await journal.FlushAsync(journal.Append(new JournalEvent("open", JournalEventKind.StepStarted, 9) { Step = "1", Attempt = 1 }), canWait: false, Cancel);
        }

        IJournal again = await OpenAsync();
        Assert.Equal(id, again.Id);
        Assert.Equal(Events("ended").Select(e => e.Kind), (await again.Runs.FindAsync("ended", cancellationToken: Cancel))!.Events.Select(e => e.Kind));
        again.Append(new JournalEvent("open", JournalEventKind.RunInterrupted, 10) { Error = "the process ended", ErrorCode = "interrupted" });
        again.Append(Accepted("new"));
        again.Append(Finished("open", RunStatus.Rectified));
        JournaledRun open = (await again.Runs.FindAsync("open", cancellationToken: Cancel))!;
        Assert.Equal(
            [JournalEventKind.RunAccepted, JournalEventKind.StepStarted, JournalEventKind.RunInterrupted, JournalEventKind.RunFinished],
            open.Events.Select(e => e.Kind));
        Assert.Equal("the process ended", open.Cause);
        Assert.Equal([null, null, "interrupted", null], open.Events.Select(e => e.ErrorCode));
        Assert.Equal("new", Assert.Single(await again.Runs.ListAsync(new RunQuery(RunStatus.Unfinished), Cancel)).RunId);
    }

    [Fact]
    public async Task Appends_and_barriers_of_many_threads_lose_nothing()
    {
        IJournal journal = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(
            async () =>
            {
                for (int i = 0; i < 25; i++)
                {
                    string id = $"run-{thread}-{i}";
                    long position = journal.Append(Accepted(id));
                    await journal.FlushAsync(position, canWait: i % 2 == 0, Cancel);
                    Assert.True(journal.IsDurable(position));
                    await journal.FlushAsync(journal.Append(Finished(id, RunStatus.Succeeded)), canWait: i % 3 == 0, Cancel);
                }
            },
            Cancel)));
        IReadOnlyList<JournaledRun> runs = await journal.Runs.ListAsync(new RunQuery(RunStatus.Succeeded) { Limit = 1000 }, Cancel);
        Assert.Equal(200, runs.Select(r => r.RunId).Distinct().Count());
        Assert.All(runs, run => Assert.Equal(2, run.Events.Count));
    }

    [Fact]
    public async Task Texts_of_every_kind_come_back_as_they_were()
    {
        IJournal journal = await OpenAsync();
        string text = "\u0000 \" \\ \n ü \U0001F600 '" + new string('x', 70_000);
        journal.Append(Accepted(text[..50]) with { PoolDelta = text });
        journal.Append(Finished(text[..50], RunStatus.Rectified) with { Error = text, Answer = text });
        JournaledRun run = (await journal.Runs.FindAsync(text[..50], cancellationToken: Cancel))!;
        Assert.Equal((text, text, text), (run.Events[0].PoolDelta, run.Error, run.Answer));
    }

    [Fact]
    public async Task Journal_without_a_fault_is_left_as_it_is_by_reopening()
    {
        IJournal journal = await OpenAsync();
        long position = journal.Append(Accepted("r"));
        await journal.ReopenAsync(Cancel);
        await journal.FlushAsync(position, canWait: false, Cancel);
        Assert.Null(journal.Fault);
        Assert.NotNull(await journal.Runs.FindAsync("r", cancellationToken: Cancel));
    }

    protected async Task<IJournal> OpenAsync()
    {
        IJournal journal = Create();
        _opened.Add(journal);
        await journal.OpenAsync(Cancel);
        return journal;
    }

    private static JournalEvent Accepted(string runId, string[]? keys = null) =>
        new(runId, JournalEventKind.RunAccepted, 1) { Accepted = new RunAccepted("p", "hash", new JournaledPlan("f", """{"line":[]}"""), 11) { Keys = keys }, PoolDelta = """{"x":1}""" };

    private static JournalEvent Finished(string runId, RunStatus status) => new(runId, JournalEventKind.RunFinished, 80)
    {
        Status = status,
        Error = status == RunStatus.Succeeded ? null : "undo failed",
        Answer = """{"a":1}""",
    };

    private static JournalEvent Decision(string runId, JournalEventKind kind) => new(runId, kind, 90) { By = "ann", Reason = "because" };

    private static JournalEvent[] Events(string runId) =>
    [
        Accepted(runId, ["ann", "7"]),
        new(runId, JournalEventKind.StepStarted, 20) { Step = "1", Reference = "hooks.a", Attempt = 1, PoolDelta = """{"y":null}""" },
        new(runId, JournalEventKind.AttemptFailed, 30) { Step = "1", Reference = "hooks.a", Attempt = 1, Error = "once" },
        new(runId, JournalEventKind.StepCompleted, 40) { Step = "1", Reference = "hooks.a", PoolDelta = """{"z":[1]}""" },
        new(runId, JournalEventKind.CompensationStarted, 50) { Step = "2", Reference = "hooks.b", Error = "no" },
        new(runId, JournalEventKind.RecoveryStarted, 60),
        Finished(runId, RunStatus.Stuck) with { Step = "1/0/1", Reference = "hooks.undo" },
    ];
}
