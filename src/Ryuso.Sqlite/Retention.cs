using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Removes runs that ended long ago, a few at a time, and gives their pages back to the file system.</summary>
internal sealed class Retention : IDisposable
{
    // At some tens of microseconds each, about as long as one commit.
    private const int MinRunsPerPrune = 200;
    private const int PagesPerVacuum = 256;

    private readonly SqliteJournalOptions _options;
    private readonly Statement _oldest;
    private readonly Statement _remove;
    private readonly Statement _forget;
    private readonly Statement _vacuum;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private long _kept;
    private int _finishedSince;

    public Retention(SqliteConnection connection, SqliteJournalOptions options)
    {
        _options = options;
        _oldest = new(connection, "SELECT id, time, finished_at, status NOT IN ('unfinished', 'stuck'), run_id FROM log NOT INDEXED WHERE id < (SELECT named_from FROM marks) AND run_id IS NOT NULL ORDER BY id");
        _remove = new(connection, "DELETE FROM log WHERE id BETWEEN ?1 AND ?1 + ?2 - 1");
        _forget = new(connection, "DELETE FROM run_ids WHERE run_id = ?1");
        _vacuum = new(connection, $"PRAGMA incremental_vacuum({PagesPerVacuum})");
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _rollback = new(connection, "ROLLBACK");

        // From indexes, so that the rows need not be read.
        using Statement count = new(
            connection,
            """
            SELECT (SELECT count(*) FROM run_ids)
                 - (SELECT count(*) FROM log INDEXED BY log_open WHERE status IN ('unfinished', 'stuck'))
            """);
        _kept = count.Number()!.Value;
    }

    public void Finished(int runs)
    {
        _kept += runs;
        _finishedSince += runs;
    }

    /// <summary>Prunes a few. Under load it takes away more than has come since it was last called, so that it keeps up.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Prune()
    {
        int most = Math.Max(MinRunsPerPrune, 2 * _finishedSince);
        _finishedSince = 0;
        List<(string RunId, long Key)> old;
        try
        {
            old = FindOld(most);
            if (old.Count == 0)
            {
                return false;
            }

            _begin.Run();
            foreach ((string runId, long key) in old)
            {
                _forget.Run(runId);
                _remove.Run(key, Schema.RowsPerRun);
            }

            _commit.Run();
        }
        catch (SqliteException)
        {
            // Locked or full: what is old stays a little longer, and a run that cannot be recorded will say so.
            TryRollBack();
            return false;
        }

        _kept -= old.Count;

        // Steps through its pages as rows are read.
        _vacuum.Run();
        return old.Count == most;
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)[_oldest, _remove, _forget, _vacuum, _begin, _commit, _rollback])
        {
            statement.Dispose();
        }
    }

    /// <summary>Goes from the oldest on, and no further than to runs that are too young even by their beginning.</summary>
    private List<(string RunId, long Key)> FindOld(int most)
    {
        long before = (_options.TimeProvider.GetUtcNow() - _options.RetentionPeriod).ToUnixTimeMilliseconds();
        long excess = _kept - _options.MaxRetainedRuns;
        List<(string RunId, long Key)> old = [];
        _oldest.Begin();
        while (old.Count < most && _oldest.Step() && (old.Count < excess || _oldest.Long(1) < before))
        {
            bool hasEnded = _oldest.Long(3) != 0;
            if (hasEnded && (old.Count < excess || _oldest.Long(2) < before))
            {
                old.Add((_oldest.Text(4)!, _oldest.Long(0)));
            }
        }

        _oldest.End();
        return old;
    }

    private void TryRollBack()
    {
        try
        {
            _rollback.Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, or nothing had begun.
        }
    }
}
