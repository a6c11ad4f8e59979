using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Removes runs that ended long ago, a few at a time, and gives their pages back to the file system.</summary>
/// <remarks>
/// A run grows old by no clock that can be set. Time counts while a server has the journal open, by a clock that only goes forward,
/// and is kept in the file. Now and then it is written down which row would be the next: what stands before that row is at least as old as
/// that note. So a wrong clock removes nothing too early, and keeps nothing for ever.
/// </remarks>
internal sealed class Retention : IDisposable
{
    // At some tens of microseconds each, about as long as one commit.
    private const int MinRunsPerPrune = 200;
    private const int MaxRowsPerScan = 10_000;
    private const int MaxRangeToDelete = 4096;
    private const int PagesPerVacuum = 256;
    private const int NotesPerPeriod = 64;

    private static readonly TimeSpan s_maxUnsavedTime = TimeSpan.FromMinutes(1);

    private readonly SqliteJournalOptions _options;
    private readonly EventWriter _writer;
    private readonly Statement _count;
    private readonly Statement _oldest;
    private readonly Statement _removeRange;
    private readonly Statement _previous;
    private readonly Statement _removeRow;
    private readonly Statement _forget;
    private readonly Statement _saveElapsed;
    private readonly Statement _note;
    private readonly Statement _cutoff;
    private readonly Statement _forgetNotes;
    private readonly Statement _vacuum;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly TimeSpan _noteInterval;
    private readonly long _openedAt;
    private readonly TimeSpan _elapsedBefore;
    private TimeSpan _savedAt;
    private TimeSpan? _notedAt;
    private long _scanFrom;
    private (long Succeeded, long Other) _cutoffs;
    private bool _isScanned;
    private long _kept;
    private int _endedSince;

    public Retention(SqliteConnection connection, SqliteJournalOptions options, EventWriter writer)
    {
        _options = options;
        _writer = writer;

        // From indexes, so that the rows need not be read.
        _count = new(connection, "SELECT (SELECT count(*) FROM run_ids) - (SELECT count(*) FROM log INDEXED BY log_open WHERE status IN ('unfinished', 'stuck'))");
        _oldest = new(
            connection,
            "SELECT id, run_id, coalesce(status, 'unfinished'), last FROM log NOT INDEXED WHERE id >= ?1 AND id < min(?2, (SELECT indexed_to FROM marks)) ORDER BY id");
        _removeRange = new(connection, "DELETE FROM log WHERE id BETWEEN ?1 AND ?2 AND id - run_offset = ?1");
        _previous = new(connection, "SELECT id - offset FROM log WHERE id = ?1");
        _removeRow = new(connection, "DELETE FROM log WHERE id = ?1");
        _forget = new(connection, "DELETE FROM run_ids WHERE run_id = ?1");
        _saveElapsed = new(connection, "UPDATE marks SET elapsed = ?1");
        _note = new(connection, "INSERT INTO ages (position, elapsed) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        _cutoff = new(connection, "SELECT max(position) FROM ages WHERE elapsed <= ?1");
        _forgetNotes = new(connection, "DELETE FROM ages WHERE position < ?1");
        _vacuum = new(connection, $"PRAGMA incremental_vacuum({PagesPerVacuum})");
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _rollback = new(connection, "ROLLBACK");
        using Statement elapsed = new(connection, "SELECT elapsed FROM marks");
        _elapsedBefore = _savedAt = TimeSpan.FromMilliseconds(elapsed.Number()!.Value);
        _openedAt = options.TimeProvider.GetTimestamp();
        TimeSpan shorter = options.RetentionPeriod < options.UnsuccessfulRetentionPeriod ? options.RetentionPeriod : options.UnsuccessfulRetentionPeriod;
        _noteInterval = shorter / NotesPerPeriod;
        Recount();
    }

    private TimeSpan Elapsed => _elapsedBefore + _options.TimeProvider.GetElapsedTime(_openedAt);

    /// <summary>Counts anew: another process may have closed runs.</summary>
    public void Recount()
    {
        _writer.CatchUp();
        _kept = _count.Number()!.Value - _writer.OpenCount;
    }

    /// <summary>So many runs have ended and are not stuck.</summary>
    public void Ended(int runs)
    {
        _kept += runs;
        _endedSince += runs;
    }

    /// <summary>Prunes a few. Under load it takes away more than has come since it was last called, so that it keeps up.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Prune()
    {
        try
        {
            _writer.CatchUp();
            KeepTime();
            int max = Math.Max(MinRunsPerPrune, 2 * _endedSince);
            _endedSince = 0;
            List<OldRun> old = FindOld(max);
            if (old.Count > 0)
            {
                Remove(old);
            }

            return !_isScanned;
        }
        catch (SqliteException)
        {
            // Locked or full: what is old stays a little longer, and a run that cannot be recorded will say so.
            TryRollBack();
            return false;
        }
    }

    /// <summary>Saves how long the journal has been open; what is not saved makes runs look younger.</summary>
    public void SaveElapsed()
    {
        try
        {
            _saveElapsed.Run((long)Elapsed.TotalMilliseconds);
        }
        catch (SqliteException)
        {
            // Locked or full.
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)
            [_count, _oldest, _removeRange, _previous, _removeRow, _forget, _saveElapsed, _note, _cutoff, _forgetNotes, _vacuum, _begin, _commit, _rollback])
        {
            statement.Dispose();
        }
    }

    /// <summary>Saves how long the journal has been open, and notes which row would be the next.</summary>
    private void KeepTime()
    {
        TimeSpan now = Elapsed;
        bool isNoteDue = _notedAt is null || now - _notedAt >= _noteInterval;
        if (!isNoteDue && now - _savedAt < s_maxUnsavedTime)
        {
            return;
        }

        _begin.Run();
        _saveElapsed.Run((long)now.TotalMilliseconds);
        if (isNoteDue)
        {
            _note.Run(_writer.NextRow, (long)now.TotalMilliseconds);
            _forgetNotes.Run(Math.Min(Cutoff(now, _options.RetentionPeriod), Cutoff(now, _options.UnsuccessfulRetentionPeriod)));
        }

        _commit.Run();
        _savedAt = now;
        if (isNoteDue)
        {
            _notedAt = now;
            var cutoffs = (Cutoff(now, _options.RetentionPeriod), Cutoff(now, _options.UnsuccessfulRetentionPeriod));
            if (cutoffs != _cutoffs)
            {
                (_cutoffs, _scanFrom, _isScanned) = (cutoffs, 0, false);
            }
        }
    }

    /// <summary>The row before which everything is at least so old.</summary>
    private long Cutoff(TimeSpan now, TimeSpan age) => _cutoff.Number((long)(now - age).TotalMilliseconds) ?? 0;

    /// <summary>Goes on from where it was last, over a bounded number of rows.</summary>
    private List<OldRun> FindOld(int max)
    {
        long excess = _kept - _options.MaxRetainedRuns;
        if (_isScanned && excess > 0)
        {
            (_scanFrom, _isScanned) = (0, false);
        }

        List<OldRun> old = [];
        if (_isScanned)
        {
            return old;
        }

        _oldest.Begin(_scanFrom, excess > 0 ? long.MaxValue : Math.Max(_cutoffs.Succeeded, _cutoffs.Other));
        for (int rows = 0; old.Count < max && rows < MaxRowsPerScan; rows++)
        {
            if (!_oldest.Step() || (excess > 0 && old.Count >= excess && _oldest.Long(0) >= Math.Max(_cutoffs.Succeeded, _cutoffs.Other)))
            {
                _isScanned = true;
                break;
            }

            _scanFrom = _oldest.Long(0) + 1;
            if (_oldest.IsNull(1) || _oldest.Text(2) is "unfinished" or "stuck")
            {
                continue;
            }

            long last = _oldest.Long(3);
            if (old.Count < excess || last < (_oldest.Text(2) == "succeeded" ? _cutoffs.Succeeded : _cutoffs.Other))
            {
                old.Add(new OldRun(_oldest.Text(1)!, _oldest.Long(0), last));
            }
        }

        _oldest.End();
        return old;
    }

    private void Remove(List<OldRun> old)
    {
        _begin.Run();
        foreach (OldRun run in old)
        {
            _forget.Run(run.RunId);
            if (run.Last - run.First < MaxRangeToDelete)
            {
                _removeRange.Run(run.First, run.Last);
                continue;
            }

            for (long? row = run.Last; row is { } id;)
            {
                row = _previous.Number(id);
                _removeRow.Run(id);
            }
        }

        _commit.Run();
        _kept -= old.Count;

        // Steps through its pages as rows are read.
        _vacuum.Run();
    }

    private void TryRollBack()
    {
        _oldest.End();
        try
        {
            _rollback.Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, or nothing had begun.
        }
    }

    private readonly record struct OldRun(string RunId, long First, long Last);
}
