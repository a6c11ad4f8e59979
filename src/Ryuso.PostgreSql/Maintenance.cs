namespace Ryuso.PostgreSql;

/// <summary>Once a second: notices what an operator's tool has decided, and removes a few runs that are older than they are kept.</summary>
internal sealed class Maintenance : IAsyncDisposable
{
    private const int MaxRunsPerRemoval = 500;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly RunReader _reader;
    private readonly GroupCommit _commits;
    private readonly PostgreSqlJournalOptions _options;
    private readonly Action<string> _decided;
    private readonly PeriodicTimer _timer;
    private readonly Lock _gate = new();
    private HashSet<string> _stuck;
    private long? _kept;
    private Task _running = Task.CompletedTask;

    public Maintenance(Database database, RunReader reader, GroupCommit commits, PostgreSqlJournalOptions options, HashSet<string> stuck, Action<string> decided)
    {
        _database = database;
        _reader = reader;
        _commits = commits;
        _options = options;
        _stuck = stuck;
        _decided = decided;
        _timer = new PeriodicTimer(s_interval, options.TimeProvider);
    }

    public void Start() => _running = RunAsync();

    /// <summary>A run has become stuck: a decision on it may come before the next look.</summary>
    public void BecameStuck(string runId)
    {
        lock (_gate)
        {
            _stuck.Add(runId);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            if (_commits.Fault is not null)
            {
                _kept = null;
                continue;
            }

            try
            {
                await NoticeDecisionsAsync().ConfigureAwait(false);
                await RemoveOldAsync().ConfigureAwait(false);
            }
            catch (JournalException)
            {
                // The database cannot be reached: the next append says so, and the next round looks again.
                _kept = null;
            }
        }
    }

    private async Task NoticeDecisionsAsync()
    {
        HashSet<string> before;
        lock (_gate)
        {
            before = [.. _stuck];
        }

        HashSet<string> now = await _reader.ListStuckIdsAsync().ConfigureAwait(false);
        lock (_gate)
        {
            // What became stuck meanwhile stays.
            _stuck.ExceptWith(before);
            _stuck.UnionWith(now);
        }

        foreach (string runId in before.Where(runId => !now.Contains(runId)))
        {
            ThreadPool.QueueUserWorkItem(_decided, runId, preferLocal: false);
        }
    }

    private async Task RemoveOldAsync()
    {
        string schema = _database.Schema;
        long ended = _commits.TakeEnded();
        _kept = _kept is { } kept
            ? kept + ended
            : await _reader.NumberAsync(c => Schema.Command(c, $"SELECT count(*) FROM {schema}.run WHERE ended_at IS NOT NULL")).ConfigureAwait(false);
        await RemoveAsync($"status = {(int)RunStatus.Succeeded} AND ended_at < now() - $1", _options.RetentionPeriod).ConfigureAwait(false);
        foreach (RunStatus status in (RunStatus[])[RunStatus.Rectified, RunStatus.ResolvedWithSkips, RunStatus.Abandoned])
        {
            await RemoveAsync($"status = {(int)status} AND ended_at < now() - $1", _options.UnsuccessfulRetentionPeriod).ConfigureAwait(false);
        }

        if (_kept > _options.MaxRetainedRuns)
        {
            // The oldest first, in the order in which they were accepted.
            await RemoveAsync("$1 IS NOT NULL", TimeSpan.Zero, "id", _kept.Value - _options.MaxRetainedRuns).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(string which, TimeSpan age, string order = "ended_at", long max = long.MaxValue)
    {
        string schema = _database.Schema;
        while (max > 0)
        {
            long limit = Math.Min(max, MaxRunsPerRemoval);
            long removed = await _reader.NumberAsync(connection => Schema.Command(
                connection,
                $"""
                WITH old AS (
                    SELECT id FROM {schema}.run WHERE ended_at IS NOT NULL AND {which} AND id <> ALL ($2) ORDER BY {order} LIMIT $3),
                events AS (DELETE FROM {schema}.event USING old WHERE event.run = old.id),
                runs AS (DELETE FROM {schema}.run USING old WHERE run.id = old.id RETURNING 1)
                SELECT count(*) FROM runs
                """,
                age,
                _commits.WitnessRuns,
                limit)).ConfigureAwait(false);
            _kept -= removed;
            max -= removed;
            if (removed < limit || _commits.Fault is not null)
            {
                return;
            }
        }
    }
}
