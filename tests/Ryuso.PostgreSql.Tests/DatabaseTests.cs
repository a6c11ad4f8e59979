using System.Text.Json.Nodes;
using Npgsql;
using Ryuso.TestKit;
using static Ryuso.PostgreSql.Tests.Journals;

namespace Ryuso.PostgreSql.Tests;

/// <summary>What the database must be, what an operator may do beside the server, and how long runs are kept.</summary>
public sealed class DatabaseTests
{
    private readonly Cluster _cluster;
    private readonly string _schema = Cluster.NewSchema();

    public DatabaseTests(Cluster cluster)
    {
        Cluster.SkipUnlessInstalled();
        _cluster = cluster;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("off")]
    [InlineData("local")]
    public async Task Database_that_does_not_keep_what_it_acknowledges_is_refused(string setting)
    {
        await using var journal = new PostgreSqlJournal(_cluster.ConnectionString + $";Options=-c synchronous_commit={setting}");
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => journal.OpenAsync(Cancel).AsTask());
        Assert.Contains($"synchronous_commit is '{setting}'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=/nowhere;Username=ryuso", "cannot be reached")]
    [InlineData("Port=many", "connection string cannot be used")]
    public async Task Database_that_is_not_there_is_refused_with_words(string connectionString, string words)
    {
        JournalException refused = await Assert.ThrowsAsync<JournalException>(async () =>
        {
            await using var journal = new PostgreSqlJournal(connectionString);
            await journal.OpenAsync(Cancel);
        });
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_of_a_newer_version_is_left_alone()
    {
        await (await OpenAsync(_cluster.Host, _schema)).DisposeAsync();
        await _cluster.QueryAsync($"UPDATE {_schema}.journal SET version = 99");
        Assert.Contains("99", (await Assert.ThrowsAsync<JournalException>(() => OpenAsync(_cluster.Host, _schema))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_decides_beside_the_running_server_which_notices()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, _schema);
        var raised = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        journal.OperatorDecisionRecorded += (_, decision) => raised.TrySetResult(decision.RunId);
        await journal.FlushAsync(Accepted("r"));
        await journal.FlushAsync(Finished("r", RunStatus.Stuck));
        await using (var tool = PostgreSqlJournal.ForOperator(_cluster.ConnectionString, _schema))
        {
            await tool.OpenAsync(Cancel);
            Assert.Equal(journal.Id, tool.Id);
            var operations = new StuckRunOperations(tool);
            Assert.Equal("r", Assert.Single(await operations.ListAsync(cancellationToken: Cancel)).RunId);
            await operations.RetryAsync("r", "ann", Cancel);
            await Assert.ThrowsAsync<JournalException>(() => operations.AbandonAsync("r", "bob", "late", Cancel));
        }

        Assert.Equal("r", await raised.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
        await journal.FlushAsync(Finished("r", RunStatus.Rectified));
        JournaledRun run = (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!;
        Assert.Equal((RunStatus.Rectified, 4, "ann"), (run.Status, run.Events.Count, run.Events[2].By));
    }

    [Fact]
    public async Task Operator_needs_a_journal_that_is_there()
    {
        await using var tool = PostgreSqlJournal.ForOperator(_cluster.ConnectionString, _schema);
        Assert.Contains("no journal", (await Assert.ThrowsAsync<JournalException>(() => tool.OpenAsync(Cancel).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_runs_are_removed_with_their_events_and_stuck_and_open_ones_are_kept()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, _schema, options => options.MaxRetainedRuns = 5);
        await journal.FlushAsync(Accepted("stuck"));
        await journal.FlushAsync(Finished("stuck", RunStatus.Stuck));
        await journal.FlushAsync(Accepted("open"));
        await journal.FlushAsync(Accepted("expired"));
        await journal.FlushAsync(Finished("expired"));
        await _cluster.QueryAsync($"UPDATE {_schema}.run SET ended_at = now() - interval '25 hours' WHERE run_id = 'expired'");
        for (int i = 0; i < 20; i++)
        {
            journal.Append(Accepted($"run-{i}"));
            await journal.FlushAsync(Finished($"run-{i}", i % 2 == 0 ? RunStatus.Succeeded : RunStatus.Rectified));
        }

        await _cluster.UntilAsync($"SELECT count(*) = 7 FROM {_schema}.run");
        Assert.Equal("open,run-15,run-16,run-17,run-18,run-19,stuck", await _cluster.QueryAsync($"SELECT string_agg(run_id, ',' ORDER BY run_id) FROM {_schema}.runs"));
        Assert.Equal(13L, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.event"));
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("\u001A0000")]
    [InlineData("a\uD83D")]
    [InlineData("\uDE00\uD83D")]
    [InlineData("\U0001F600")]
    public void Text_that_the_database_cannot_hold_comes_back(string text)
    {
        string stored = StoredText.Write(text)!;
        Assert.DoesNotContain('\0', stored);
        Assert.Equal(text, StoredText.Read(System.Text.Encoding.UTF8.GetString(new System.Text.UTF8Encoding(false, true).GetBytes(stored))));
    }
}

/// <summary>A database that crashes and comes back: a server goes on by itself.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    private readonly Cluster _cluster = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Cluster.SkipUnlessInstalled();
        return _cluster.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Barrier_waits_for_a_database_that_crashed_and_is_started_again()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, "ryuso");
        await journal.FlushAsync(Accepted("r"));
        await _cluster.StopAsync("immediate");
        Task flush = journal.FlushAsync(Finished("r")).AsTask();
        await _cluster.StartAsync();
        await flush;
        Assert.Null(journal.Fault);
        Assert.Equal(RunStatus.Succeeded, (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!.Status);
    }

    [Fact]
    public async Task Server_whose_database_was_gone_for_long_recovers_what_was_under_way()
    {
        List<string> calls = [];
        bool stops = true;
        var orchestrator = new SpecOrchestrator(
            SpecDefinitions.Compile("""
                {
                  "name": "steps",
                  "programs": { "two": { "hooks": ["hooks.a", "hooks.b"], "args": {}, "outputs": {} } },
                  "hooks": {
                    "a": { "reference": "t.a", "args": {}, "rectifiers": ["hooks.ua"] },
                    "b": { "reference": "t.b", "args": {}, "rectifiers": ["hooks.ub"] },
                    "ua": { "reference": "t.ua", "args": {} },
                    "ub": { "reference": "t.ub", "args": {} }
                  }
                }
                """),
            async (name, _, _) =>
            {
                calls.Add(name);
                if (name == "a" && stops)
                {
                    stops = false;
                    await _cluster.StopAsync("immediate");
                }

                return HookResult.Ok;
            });
        await using var journal = new PostgreSqlJournal(_cluster.ConnectionString, new PostgreSqlJournalOptions { OutageTimeout = TimeSpan.Zero });
        await using var server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, Journal = journal });
        await server.StartAsync(Cancel);
        JsonObject answer = (await orchestrator.RunAsync("two", null, new CallOptions { RunId = "r" }, Cancel)).Answer;
        Assert.Equal("internal", (string?)answer["_error_code"]);
        Assert.NotNull(journal.Fault);
        await _cluster.StartAsync();
        while ((await orchestrator.RunAsync("two", null, new CallOptions { RunId = "next" }, Cancel)).Answer["_error_code"] is not null)
        {
            await Task.Yield();
        }

        Assert.Equal(["a", "ua", "a", "b"], calls);
        Assert.Equal(RunStatus.Rectified, (await journal.Runs.FindAsync("r", cancellationToken: Cancel))!.Status);    }

    [Fact]
    public async Task Database_that_lost_what_it_had_acknowledged_is_refused()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, "ryuso", options => options.OutageTimeout = TimeSpan.Zero);
        await journal.FlushAsync(Accepted("r"));
        await journal.FlushAsync(Finished("r"));
        await _cluster.QueryAsync("TRUNCATE ryuso.event");
        await _cluster.StopAsync("immediate");
        await _cluster.StartAsync();
        await Assert.ThrowsAsync<JournalException>(async () => await journal.FlushAsync(Accepted("next")));
        JournalException lost = await Assert.ThrowsAsync<JournalException>(async () => await journal.ReopenAsync(Cancel));
        Assert.Contains("lost what it had acknowledged", lost.Message, StringComparison.Ordinal);
        Assert.Contains("'r'", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_without_fsync_is_refused()
    {
        await _cluster.StopAsync();
        await _cluster.StartAsync("-c fsync=off");
        Assert.Contains("fsync is off", (await Assert.ThrowsAsync<JournalException>(() => OpenAsync(_cluster.Host, "ryuso"))).Message, StringComparison.Ordinal);
    }
}
