using Npgsql;
using static Ryuso.PostgreSql.Tests.Journals;

namespace Ryuso.PostgreSql.Tests;

/// <summary>Two writers: what the former one sends after it was fenced is not written, and what it sent before is seen.</summary>
public sealed class FencingTests
{
    private readonly Cluster _cluster;
    private readonly string _schema = Cluster.NewSchema();

    public FencingTests(Cluster cluster)
    {
        Cluster.SkipUnlessInstalled();
        _cluster = cluster;
    }

    private string Quoted => Schema.Quote(_schema);

    [Fact]
    public async Task Takeover_waits_for_the_append_in_flight_and_sees_it()
    {
        await using var database = new Database(_cluster.ConnectionString, _schema);
        await using WriteSession former = await TakeUnlockedAsync(database);
        NpgsqlTransaction open = await former.Connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        Assert.True(await Append.WriteAsync(former, Quoted, Row(1)));
        Task<WriteSession> taking = TakeUnlockedAsync(database);
        await _cluster.UntilAsync($"SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = '{database.ApplicationName}' AND wait_event_type = 'Lock')");
        Assert.False(taking.IsCompleted);
        await open.CommitAsync(TestContext.Current.CancellationToken);
        await using WriteSession next = await taking;
        Assert.True(await Append.ContainsAsync(next, Quoted, 1, 1));
        Assert.False(await Append.WriteAsync(former, Quoted, Row(2)));
        Assert.False(await Append.ContainsAsync(next, Quoted, 2, 1));
        Assert.True(await Append.WriteAsync(next, Quoted, Row(3)));
    }

    [Fact]
    public async Task Append_that_comes_while_a_takeover_is_not_committed_waits_and_writes_nothing()
    {
        await using var database = new Database(_cluster.ConnectionString, _schema);
        await using WriteSession former = await TakeUnlockedAsync(database);
        await using var taker = new NpgsqlConnection(_cluster.ConnectionString + ";Pooling=false");
        await taker.OpenAsync(TestContext.Current.CancellationToken);
        NpgsqlTransaction open = await taker.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using NpgsqlCommand raise = Schema.Command(taker, $"UPDATE {Quoted}.writer SET fence = fence + 1");
        await raise.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Task<bool> appending = Append.WriteAsync(former, Quoted, Row(1));
        await _cluster.UntilAsync($"SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = '{database.ApplicationName}' AND wait_event_type = 'Lock')");
        await open.CommitAsync(TestContext.Current.CancellationToken);
        Assert.False(await appending);
        Assert.Equal(0L, await _cluster.QueryAsync($"SELECT count(*) FROM {Quoted}.event"));
    }

    [Fact]
    public async Task Second_server_is_refused_with_words()
    {
        await using PostgreSqlJournal first = await OpenAsync(_cluster.Host, _schema);
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => OpenAsync(_cluster.Host, _schema));
        Assert.Contains("another server has it", refused.Message, StringComparison.Ordinal);
        await first.FlushAsync(Accepted("r"));
    }

    [Fact]
    public async Task Standby_takes_the_journal_when_the_session_ends_and_the_former_server_writes_nothing_more()
    {
        await using PostgreSqlJournal former = await OpenAsync(_cluster.Host, _schema);
        await former.FlushAsync(Accepted("r"));
        Task<PostgreSqlJournal> waiting = OpenAsync(_cluster.Host, _schema, options => options.StandbyTimeout = Timeout.InfiniteTimeSpan);
        await _cluster.UntilAsync("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND state = 'idle')");
        Assert.False(waiting.IsCompleted);

        // Once: the standby holds the lock a moment before it raises the fence.
        await _cluster.QueryAsync(
            $"""
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND objid = (hashtextextended('ryuso {Quoted}', 0) & 4294967295)::oid
            """);
        await using PostgreSqlJournal next = await waiting;
        long lost = former.Append(Finished("r"));
        JournalException fenced = await Assert.ThrowsAsync<JournalException>(
            async () => await former.FlushAsync(lost, canWait: false, TestContext.Current.CancellationToken));
        Assert.Contains("another server", fenced.Message, StringComparison.Ordinal);
        Assert.NotNull(former.Fault);
        Assert.Equal(RunStatus.Unfinished, (await next.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken))!.Status);
        await next.FlushAsync(Finished("r", RunStatus.Rectified));
    }

    [Fact]
    public async Task Journal_that_was_let_go_can_be_taken_at_once_and_by_the_former_server_again()
    {
        await using PostgreSqlJournal first = await OpenAsync(_cluster.Host, _schema, options => options.TakeoverDelay = TimeSpan.FromDays(1));
        await first.FlushAsync(Accepted("r"));
        await first.DisposeAsync();
        await using PostgreSqlJournal second = await OpenAsync(_cluster.Host, _schema, options => options.TakeoverDelay = TimeSpan.FromDays(1));
        Assert.Equal(first.Id, second.Id);
        await second.FlushAsync(Finished("r"));
    }

    /// <summary>Without the lock that keeps the second one out: as after the first one's connection was cut.</summary>
    private static async Task<WriteSession> TakeUnlockedAsync(Database database)
    {
        WriteSession session = await WriteSession.TakeAsync(database, new PostgreSqlJournalOptions(), formerProcess: 0, TestContext.Current.CancellationToken);
        await using NpgsqlCommand unlock = Schema.Command(session.Connection, "SELECT pg_advisory_unlock_all()");
        await unlock.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return session;
    }

    private static Segment Row(long run)
    {
        var segment = new Segment();
        segment.Events.Add(new EventRow(run, 1, new JournalEvent("r", JournalEventKind.RecoveryStarted, 1), 1));
        return segment;
    }
}
