using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>How many barriers and commits runs cost, and what becomes of old runs.</summary>
public sealed class CommitTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    /// <summary>One for each reversible step, which the end of the step before shares, and one for the answer. On the way back one for each rectifier.</summary>
    [Theory]
    [InlineData("none", 1)]
    [InlineData("one", 2)]
    [InlineData("three", 4)]
    [InlineData("back", 7)]
    public async Task A_run_asks_only_for_the_barriers_that_it_needs(string program, int barriers)
    {
        await using var journal = new TappedJournal(new SqliteJournal(_folder.File("j.db")));
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await orchestrator.AskAsync(program);
        Assert.Equal(barriers, journal.Barriers);
    }

    [Fact]
    public void Every_commit_is_flushed_to_the_disk()
    {
        using SqliteConnection connection = new JournalFile(_folder.File("j.db"), TimeSpan.FromSeconds(1)).OpenWriter(mayCreate: true, mayMigrate: true, maxPages: null);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT journal_mode || ' ' || synchronous FROM pragma_journal_mode, pragma_synchronous";
        Assert.Equal("wal 2", command.ExecuteScalar());
    }

    [Fact]
    public async Task Runs_that_wait_for_each_other_share_commits()
    {
        await using var journal = new SqliteJournal(_folder.File("j.db"));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var orchestrator = new SpecOrchestrator(TestSpec.Steps, async (_, _, _) =>
        {
            await gate.Task;
            return HookResult.Ok;
        });
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Task[] runs = [.. Enumerable.Range(0, 200).Select(_ => orchestrator.AskAsync("none"))];
        gate.SetResult();
        await Task.WhenAll(runs);
        Assert.InRange(journal.Commits, 1, 100);
        Assert.Equal(200, (await journal.Runs.ListAsync(new RunQuery(RunStatus.Succeeded) { Limit = 1000 }, TestContext.Current.CancellationToken)).Count);
    }

    /// <summary>The journal's own thread looks round once a second, and may be in the way of one or the other.</summary>
    [Fact]
    public async Task Who_asks_while_nobody_commits_commits_himself_and_who_can_wait_shares()
    {
        await using var journal = new SqliteJournal(_folder.File("j.db"));
        await journal.OpenAsync(TestContext.Current.CancellationToken);
        int alone = 0, shared = 0;
        for (int i = 0; i < 1000 && (alone == 0 || shared == 0); i++)
        {
            long before = journal.Commits;
            ValueTask patient = journal.FlushAsync(journal.Append(Accepted($"patient-{i}")), canWait: true, TestContext.Current.CancellationToken);
            ValueTask own = journal.FlushAsync(journal.Append(Accepted($"{i}")), canWait: false, TestContext.Current.CancellationToken);
            alone += own.IsCompletedSuccessfully ? 1 : 0;
            await patient;
            await own;
            shared += journal.Commits == before + 1 ? 1 : 0;
        }

        Assert.True(alone > 0, "another thread is always asked");
        Assert.True(shared > 0, "nobody ever shares");
        await journal.FlushAsync(journal.Append(Accepted("last")), canWait: true, TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.NotNull(await journal.Runs.FindAsync("last", cancellationToken: TestContext.Current.CancellationToken));
    }

    /// <summary>Ids come into their index many at a time; a run is found before and after, here and by an operator's tool.</summary>
    [Fact]
    public async Task Every_run_is_found_by_its_id_whether_it_is_in_the_index_or_not()
    {
        string path = _folder.File("j.db");
        await using var journal = new SqliteJournal(path);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await using SqliteJournal tool = SqliteJournal.ForOperator(path);
        await tool.OpenAsync(TestContext.Current.CancellationToken);
        for (int i = 0; i < 70; i++)
        {
            await orchestrator.AskAsync("one", $"run-{i}");
            for (int known = 0; known <= i; known += 3)
            {
                Assert.Equal(RunStatus.Succeeded, (await journal.Runs.FindAsync($"run-{known}", cancellationToken: TestContext.Current.CancellationToken))!.Status);
                Assert.NotNull(await tool.Runs.FindAsync($"run-{known}", cancellationToken: TestContext.Current.CancellationToken));
            }

            Assert.Null(await journal.Runs.FindAsync($"run-{i + 1}", cancellationToken: TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Finished_runs_are_pruned_by_age_and_number_and_stuck_ones_are_kept()
    {
        string path = _folder.File("j.db");
        await using (var journal = new SqliteJournal(path))
        {
            var orchestrator = new SpecOrchestrator(TestSpec.Steps, (name, _, _) => new(name is "fail" or "uc" ? HookResult.Fail("no") : HookResult.Ok));
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            Assert.True((bool?)(await orchestrator.AskAsync("back"))["_rectifier_fail"]);
            await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => orchestrator.AskAsync("three", pool: new JsonObject { ["text"] = new string('x', 2000) })));
        }

        long before = new FileInfo(path).Length;
        Assert.Equal([301, 101, 101], Prune(path, new SqliteJournalOptions { MaxRetainedRuns = 100 }));
        Assert.Equal([1], Prune(path, new SqliteJournalOptions { RetentionPeriod = TimeSpan.Zero })[..1]);
        Assert.InRange(new FileInfo(path).Length, 1, before / 2);
    }

    [Fact]
    public async Task Load_without_a_pause_does_not_keep_old_runs_from_being_pruned()
    {
        await using var journal = new SqliteJournal(_folder.File("j.db"), new SqliteJournalOptions { MaxRetainedRuns = 10 });
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await orchestrator.AskAsync("none", "first");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (await journal.Runs.FindAsync("first", cancellationToken: limit.Token) is not null)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => orchestrator.AskAsync("one")));
            }
        })));
    }

    /// <summary>How many runs are left after each of three rounds.</summary>
    private static int[] Prune(string path, SqliteJournalOptions options)
    {
        using SqliteConnection connection = new JournalFile(path, TimeSpan.FromSeconds(1)).OpenWriter(mayCreate: false, mayMigrate: true, maxPages: null);
        using var writer = new EventWriter(connection, options);
        using var retention = new Retention(connection, options, writer);
        using SqliteCommand count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM runs";
        return [.. Enumerable.Range(0, 3).Select(_ =>
        {
            retention.Prune();
            return (int)(long)count.ExecuteScalar()!;
        })];
    }

    private static JournalEvent Accepted(string runId) =>
        new(runId, JournalEventKind.RunAccepted, 1) { Accepted = new RunAccepted("p", null, new JournaledPlan("f", "{}"), 1), PoolDelta = "{}" };
}
