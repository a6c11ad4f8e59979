using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Removes runs that ended long ago, a few at a time, and gives their pages back to the file system.</summary>
internal sealed class Retention : IDisposable
{
    // At some tens of microseconds each, about as long as one commit.
    private const int LeastAtATime = 200;
    private const int PagesAtATime = 256;

    private readonly SqliteJournalOptions _options;
    private readonly SqliteCommand _prune;
    private readonly SqliteCommand _pruneEvents;
    private readonly SqliteCommand _vacuum;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private long _kept;
    private int _finishedSince;

    public Retention(SqliteConnection connection, SqliteJournalOptions options)
    {
        _options = options;
        SqliteCommand Command(string sql)
        {
            SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
            command.CommandText = sql;
#pragma warning restore CA2100
            return command;
        }

        const string Old = """
            SELECT id FROM runs WHERE status NOT IN ('unfinished', 'stuck') AND (finished_at < $before OR $excess > 0)
            ORDER BY finished_at LIMIT CASE WHEN $excess > 0 THEN min($excess, $most) ELSE $most END
            """;
        _pruneEvents = Command($"DELETE FROM events WHERE run IN ({Old})");
        _prune = Command($"DELETE FROM runs WHERE id IN ({Old})");
        foreach (SqliteCommand command in (ReadOnlySpan<SqliteCommand>)[_pruneEvents, _prune])
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = "$before" });
            command.Parameters.Add(new SqliteParameter { ParameterName = "$excess" });
            command.Parameters.Add(new SqliteParameter { ParameterName = "$most" });
        }

        _vacuum = Command($"PRAGMA incremental_vacuum({PagesAtATime})");
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _rollback = Command("ROLLBACK");
        using SqliteCommand count = Command("SELECT count(*) FROM runs WHERE status NOT IN ('unfinished', 'stuck')");
        _kept = (long)count.ExecuteScalar()!;
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
        int most = Math.Max(LeastAtATime, 2 * _finishedSince);
        _finishedSince = 0;
        long before = (_options.TimeProvider.GetUtcNow() - _options.KeepFor).ToUnixTimeMilliseconds();
        long excess = _kept - _options.KeepAtMost;
        int pruned;
        try
        {
            _begin.ExecuteNonQuery();
            Run(_pruneEvents, before, excess, most);
            pruned = Run(_prune, before, excess, most);
            _commit.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // Locked or full: what is old stays a little longer, and a run that cannot be recorded will say so.
            TryRollBack();
            return false;
        }

        _kept -= pruned;
        if (pruned > 0)
        {
            // Steps through its pages as rows are read.
            using SqliteDataReader pages = _vacuum.ExecuteReader();
            while (pages.Read())
            {
            }
        }

        return pruned == most;
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in (ReadOnlySpan<SqliteCommand>)[_prune, _pruneEvents, _vacuum, _begin, _commit, _rollback])
        {
            command.Dispose();
        }
    }

    private void TryRollBack()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, or nothing had begun.
        }
    }

    private static int Run(SqliteCommand command, long before, long excess, int most)
    {
        command.Parameters[0].Value = before;
        command.Parameters[1].Value = excess;
        command.Parameters[2].Value = most;
        return command.ExecuteNonQuery();
    }
}
