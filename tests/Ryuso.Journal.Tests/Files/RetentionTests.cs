using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>A run that ended is kept for as long as the options say, whatever clocks and operators do.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly Clock _clock = new();

    private string File => _folder.File("j.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stuck_runs_and_their_retries_do_not_count_toward_the_limit()
    {
        await using (var journal = new SqliteJournal(File, new SqliteJournalOptions { MaxRetainedRuns = 100 }))
        {
            SpecOrchestrator orchestrator = Orchestrator();
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            var operations = new StuckRunOperations(journal);
            for (int i = 0; i < 40; i++)
            {
                await orchestrator.AskAsync("back", $"stuck-{i}");
                await operations.RetryAsync($"stuck-{i}", "ann", TestContext.Current.CancellationToken);

                // The decision is carried out by the orchestrator, in its own time.
                while ((await journal.Runs.FindAsync($"stuck-{i}", cancellationToken: TestContext.Current.CancellationToken))!.Events.Count(e => e.Kind == JournalEventKind.RunFinished) < 2)
                {
                    await Task.Yield();
                }
            }

            for (int i = 0; i < 100; i++)
            {
                await orchestrator.AskAsync("one", $"done-{i}");
            }
        }

        using var pruning = new Pruning(File, new SqliteJournalOptions { MaxRetainedRuns = 100 });
        pruning.Prune();
        Assert.Equal(100, pruning.Count("run_id LIKE 'done-%'"));
        Assert.Equal(40, pruning.Count("status = 'stuck'"));
    }

    [Fact]
    public void Run_counts_once_when_it_has_ended_and_is_not_stuck()
    {
        var options = new SqliteJournalOptions();
        using SqliteConnection connection = new JournalFile(File, TimeSpan.FromSeconds(1)).OpenWriter(mayCreate: true, mayMigrate: true, maxPages: null);
        using var writer = new EventWriter(connection, options);
        int[] ended =
        [
            .. new JournalEvent[]
            {
                new("r", JournalEventKind.RunAccepted, 1) { Accepted = new RunAccepted("p", null, new JournaledPlan("f", "{}"), 1) },
                new("r", JournalEventKind.RunFinished, 2) { Status = RunStatus.Stuck },
                new("r", JournalEventKind.RetryRequested, 3) { By = "ann" },
                new("r", JournalEventKind.RunFinished, 4) { Status = RunStatus.Stuck },
                new("r", JournalEventKind.AbandonRequested, 5) { By = "ann" },
                new("r", JournalEventKind.AbandonRequested, 6) { By = "bob" },
            }.Select(entry => writer.Write([entry])),
        ];
        Assert.Equal([0, 0, 0, 0, 1, 0], ended);
    }

    [Fact]
    public async Task Clock_that_jumps_forward_removes_nothing()
    {
        await RunAsync("one", "young");
        using var pruning = new Pruning(File, new SqliteJournalOptions { TimeProvider = _clock });
        pruning.Prune();
        _clock.Jump(TimeSpan.FromDays(400));
        pruning.Prune();
        Assert.Equal(1, pruning.Count("run_id = 'young'"));
    }

    [Fact]
    public async Task Run_of_the_future_does_not_keep_older_runs()
    {
        _clock.Jump(TimeSpan.FromDays(400));
        await RunAsync("one", "future");
        _clock.Jump(TimeSpan.FromDays(-400));
        await RunAsync("one", "present");
        using var pruning = new Pruning(File, new SqliteJournalOptions { TimeProvider = _clock });
        pruning.Prune();
        Assert.Equal(2, pruning.Count("true"));
        _clock.Pass(TimeSpan.FromHours(25));
        pruning.Prune();
        Assert.Equal(0, pruning.Count("true"));
    }

    [Fact]
    public async Task Time_that_passes_while_the_journal_is_open_adds_up_over_restarts()
    {
        await RunAsync("one", "old");
        for (int i = 0; i < 5; i++)
        {
            using var pruning = new Pruning(File, new SqliteJournalOptions { TimeProvider = _clock });
            pruning.Prune();
            Assert.Equal(i < 4 ? 1 : 0, pruning.Count("true"));
            _clock.Pass(TimeSpan.FromHours(7));
        }
    }

    [Fact]
    public async Task Run_that_did_not_succeed_is_kept_longer()
    {
        await RunAsync("one", "good");
        await RunAsync("none", "bad");
        using var pruning = new Pruning(File, new SqliteJournalOptions { TimeProvider = _clock });
        pruning.Prune();
        _clock.Pass(TimeSpan.FromDays(2));
        pruning.Prune();
        Assert.Equal((0, 1), (pruning.Count("run_id = 'good'"), pruning.Count("run_id = 'bad'")));
        _clock.Pass(TimeSpan.FromDays(30));
        pruning.Prune();
        Assert.Equal(0, pruning.Count("true"));
    }

    [Fact]
    public async Task Run_whose_events_lie_between_those_of_others_is_removed_whole_and_alone()
    {
        await using (var journal = new SqliteJournal(File))
        {
            await journal.OpenAsync(TestContext.Current.CancellationToken);
            foreach (string step in (string[])["accept", "start", "finish"])
            {
                for (int run = 0; run < 2; run++)
                {
                    string id = $"run-{run}";
                    journal.Append(step switch
                    {
                        "accept" => new JournalEvent(id, JournalEventKind.RunAccepted, 1) { Accepted = new RunAccepted("p", null, new JournaledPlan("f", "{}"), 1) },
                        "start" => new JournalEvent(id, JournalEventKind.StepStarted, 2) { Step = "1", Attempt = 1 },
                        _ => new JournalEvent(id, JournalEventKind.RunFinished, 3) { Status = run == 0 ? RunStatus.Succeeded : RunStatus.Stuck, Answer = "{}" },
                    });
                }
            }
        }

        using (var pruning = new Pruning(File, new SqliteJournalOptions { MaxRetainedRuns = 0 }))
        {
            pruning.Prune();
            Assert.Equal(1, pruning.Count("true"));
        }

        await using var again = new SqliteJournal(File);
        await again.OpenAsync(TestContext.Current.CancellationToken);
        JournaledRun left = (await again.Runs.FindAsync("run-1", cancellationToken: TestContext.Current.CancellationToken))!;
        Assert.Equal([JournalEventKind.RunAccepted, JournalEventKind.StepStarted, JournalEventKind.RunFinished], left.Events.Select(e => e.Kind));
        Assert.Null(left.Damage);
    }

    private async Task RunAsync(string program, string runId)
    {
        await using var journal = new SqliteJournal(File, new SqliteJournalOptions { TimeProvider = _clock });
        var orchestrator = new SpecOrchestrator(
            TestSpec.Steps, (_, _, context) => new(context.RunId == "bad" ? HookResult.Fail("no") : HookResult.Ok), time: _clock);
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await orchestrator.AskAsync(program, runId);
    }

    private static SpecOrchestrator Orchestrator() => new(TestSpec.Steps, (name, _, _) => new(name is "fail" or "uc" ? HookResult.Fail("no") : HookResult.Ok));

    /// <summary>What the journal's thread does once a second.</summary>
    private sealed class Pruning : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly EventWriter _writer;
        private readonly Retention _retention;

        public Pruning(string path, SqliteJournalOptions options)
        {
            _connection = new JournalFile(path, TimeSpan.FromSeconds(1)).OpenWriter(mayCreate: false, mayMigrate: true, maxPages: null);
            _writer = new EventWriter(_connection, options);
            _retention = new Retention(_connection, options, _writer);
        }

        public void Prune()
        {
            while (_retention.Prune())
            {
            }
        }

        public int Count(string condition)
        {
            using SqliteCommand count = _connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
            count.CommandText = $"SELECT count(*) FROM runs WHERE {condition}";
#pragma warning restore CA2100
            return (int)(long)count.ExecuteScalar()!;
        }

        public void Dispose()
        {
            _retention.SaveElapsed();
            _retention.Dispose();
            _writer.Dispose();
            _connection.Dispose();
        }
    }

    /// <summary>A clock whose time of day can be set, and whose timestamps only go forward.</summary>
    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(56);
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Jump(TimeSpan by) => _now += by;

        public void Pass(TimeSpan time)
        {
            _now += time;
            _ticks += time.Ticks;
        }

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _ticks;
    }
}
