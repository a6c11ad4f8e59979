using static Ryuso.PostgreSql.Tests.Journals;

namespace Ryuso.PostgreSql.Tests;

/// <summary>Whatever cuts the connection, and whenever: each append is in the journal once, and nobody has noticed.</summary>
public sealed class UnknownOutcomeTests
{
    private readonly Cluster _cluster;
    private readonly string _schema = Cluster.NewSchema();

    public UnknownOutcomeTests(Cluster cluster)
    {
        Cluster.SkipUnlessInstalled();
        _cluster = cluster;
    }

    [Theory]
    [InlineData(nameof(Cut.BeforeRequest))]
    [InlineData(nameof(Cut.BeforeReply))]
    [InlineData(nameof(Cut.InReply))]
    [InlineData(nameof(Cut.RequestDelayed))]
    public async Task Append_whose_connection_is_cut_is_written_exactly_once(string name)
    {
        await using var proxy = new CuttingProxy(_cluster.Host);
        await using PostgreSqlJournal journal = await OpenAsync(proxy.Host, _schema);
        const int Appends = 12;
        for (int i = 0; i < Appends; i++)
        {
            if (i % 2 == 1)
            {
                proxy.CutNext(Enum.Parse<Cut>(name));
            }

            await journal.FlushAsync(Accepted($"run-{i}", "\"cut here\""));
            await journal.FlushAsync(Finished($"run-{i}"));
        }

        Assert.Equal(Appends / 2, proxy.Cuts);
        Assert.Null(journal.Fault);
        if (name == nameof(Cut.RequestDelayed))
        {
            Assert.False(await proxy.DeliverDelayedAsync());
        }

        Assert.Equal((long)Appends, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.runs WHERE status = 'succeeded'"));
        Assert.Equal(2L * Appends, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.events"));
    }

    [Fact]
    public async Task Sessions_that_the_database_ends_at_any_moment_lose_and_double_nothing()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, _schema);
        using var stop = new CancellationTokenSource();
        Task ending = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await _cluster.QueryAsync(
                    $"SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND objid = (hashtextextended('ryuso \"{_schema}\"', 0) & 4294967295)::oid");
            }
        }, TestContext.Current.CancellationToken);
        const int Threads = 4, Appends = 20;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(async thread =>
        {
            for (int i = 0; i < Appends; i++)
            {
                await journal.FlushAsync(Accepted($"run-{thread}-{i}"));
                await journal.FlushAsync(Finished($"run-{thread}-{i}"));
            }
        }));
        await stop.CancelAsync();
        await ending;
        Assert.True((long)(await _cluster.QueryAsync($"SELECT fence FROM {_schema}.writer"))! > 1, "No session was ended.");
        Assert.Equal((long)Threads * Appends, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.runs WHERE status = 'succeeded'"));
        Assert.Equal(2L * Threads * Appends, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.events"));
    }

    [Fact]
    public async Task Run_id_that_another_process_has_taken_is_refused_and_the_runs_beside_it_are_written()
    {
        await using PostgreSqlJournal journal = await OpenAsync(_cluster.Host, _schema);
        await _cluster.QueryAsync($"INSERT INTO {_schema}.run (id, run_id, program, plan, started_at, status, ended_at) VALUES (1000, 'taken', 'p', 'f', 1, 1, now())");
        long before = journal.Append(Accepted("before")), taken = journal.Append(Accepted("taken")), after = journal.Append(Accepted("after"));
        await journal.FlushAsync(after, canWait: false, TestContext.Current.CancellationToken);
        JournalException refused = await Assert.ThrowsAsync<JournalException>(
            async () => await journal.FlushAsync(taken, canWait: false, TestContext.Current.CancellationToken));
        Assert.Contains("'taken' is taken", refused.Message, StringComparison.Ordinal);
        long end = journal.Append(Finished("taken"));
        await journal.FlushAsync(Finished("after"));
        Assert.Equal([true, false, true, false], new[] { before, taken, after, end }.Select(journal.IsDurable));
        Assert.Null(journal.Fault);
        Assert.Equal(0L, await _cluster.QueryAsync($"SELECT count(*) FROM {_schema}.events WHERE run = 1000"));
    }
}
