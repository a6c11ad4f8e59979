using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ryuso.Sqlite;

/// <summary>Writes events as rows, each batch in a transaction of its own. For one thread at a time.</summary>
/// <remarks>
/// What is remembered here of a transaction that was rolled back is wrong; the session ends then, and the next one reads it from the file.
/// </remarks>
internal sealed class EventWriter : IDisposable
{
    // Status, times and rows.
    private const int OutcomeBytes = 32;
    private const int MaxRoom = 1024;

    private readonly int _maxUnindexed;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _nextRow;
    private readonly Statement _addPlan;
    private readonly Statement _addRun;
    private readonly Statement _findRun;
    private readonly Statement _lastRow;
    private readonly Statement _addEvent;
    private readonly Statement _finish;
    private readonly Statement _decide;
    private readonly Statement _stuckRuns;
    private readonly Statement _index;
    private readonly Statement _mark;
    private readonly HashSet<string> _plans = new(StringComparer.Ordinal);

    // Runs that have neither ended nor been stuck yet, by their first rows: the index of open runs does not know them, the mark stays
    // before them.
    private readonly SortedSet<long> _open = [];

    // Runs under way, with their first and their last row and why they turned back.
    private readonly Dictionary<string, Chain> _chains = new(StringComparer.Ordinal);

    // Runs that are not in the index of ids yet; of them, so many are in it once the transaction has been committed.
    private readonly List<(string RunId, long Row)> _unindexed = [];
    private int _indexed;

    private HashSet<string> _stuck;
    // How much room the outcome of the next run gets: as much as that of the last one took.
    private long _room = OutcomeBytes;
    private long _next;

    public EventWriter(SqliteConnection connection, SqliteJournalOptions options)
    {
        _maxUnindexed = options.MaxUnindexedRuns;
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _rollback = new(connection, "ROLLBACK");
        _nextRow = new(connection, "SELECT max(coalesce((SELECT max(id) FROM log), 0) + 1, (SELECT indexed_to FROM marks))");
        _addPlan = new(connection, "INSERT INTO plans (fingerprint, plan) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        _addRun = new(
            connection,
            "INSERT INTO log (id, run_offset, time, kind, pool_delta, run_id, program, plan, request_hash, keys, started_at, room) "
            + "VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, zeroblob(?11))");
        _findRun = new(connection, $"SELECT id, coalesce(last, id), cause FROM log WHERE id = {Schema.RowOfRun}");
        _lastRow = new(connection, "SELECT max(id) FROM log WHERE id >= ?2 AND id - run_offset = ?1");
        _addEvent = new(
            connection,
            "INSERT INTO log (id, run_offset, offset, time, kind, step, reference, attempt, text, by, outcome, pool_delta, error_code) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
        _finish = new(connection, "UPDATE log SET status = ?2, finished_at = ?3, last = ?4, error = ?5, cause = ?6, answer = ?7, room = NULL WHERE id = ?1");
        _decide = new(connection, "UPDATE log SET status = ?2, finished_at = ?3, last = ?4 WHERE id = ?1 AND status = 'stuck'");
        _stuckRuns = new(connection, "SELECT run_id FROM log INDEXED BY log_open WHERE status IN ('unfinished', 'stuck') AND status = 'stuck'");
        _index = new(connection, "INSERT INTO run_ids (run_id, run) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        _mark = new(connection, "UPDATE marks SET open_from = ?1, indexed_to = ?2");
        _next = NextRow;
        _stuck = ReadStuckRuns();
        using Statement recent = new(
            connection,
            "SELECT id, run_id, status IS NULL, id >= indexed_to FROM log, marks WHERE id >= min(open_from, indexed_to) AND run_id IS NOT NULL ORDER BY id");
        while (recent.Step())
        {
            if (recent.Long(2) != 0)
            {
                _open.Add(recent.Long(0));
            }

            if (recent.Long(3) != 0)
            {
                _unindexed.Add((recent.Text(1)!, recent.Long(0)));
            }
        }
    }

    /// <summary>How many runs have never ended.</summary>
    public int OpenCount => _open.Count;

    /// <summary>The row that the next event gets, as long as no other connection writes.</summary>
    public long NextRow => _nextRow.Number()!.Value;

    /// <summary>Writes events in one transaction: all or none.</summary>
    /// <returns>How many runs have ended and are not stuck.</returns>
    public int Write(List<JournalEvent> events)
    {
        int ended = 0;
        Commit(() =>
        {
            foreach (JournalEvent entry in events)
            {
                ended += Write(entry) ? 1 : 0;
            }
        });
        return ended;
    }

    /// <summary>Brings the index of ids up to date, before runs may be removed.</summary>
    public void CatchUp()
    {
        if (_unindexed.Count > 0)
        {
            Commit(IndexRunIds);
        }
    }

    /// <summary>The runs on which an operator has decided in another process since this was last asked.</summary>
    public string[] FindDecided()
    {
        HashSet<string> before = _stuck;
        _stuck = ReadStuckRuns();
        return [.. before.Where(runId => !_stuck.Contains(runId))];
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)
            [_begin, _commit, _rollback, _nextRow, _addPlan, _addRun, _findRun, _lastRow, _addEvent, _finish, _decide, _stuckRuns, _index, _mark])
        {
            statement.Dispose();
        }
    }

    private HashSet<string> ReadStuckRuns()
    {
        HashSet<string> stuck = new(StringComparer.Ordinal);
        _stuckRuns.Begin();
        while (_stuckRuns.Step())
        {
            stuck.Add(_stuckRuns.Text(0)!);
        }

        return stuck;
    }

    private void Commit(Action write)
    {
        try
        {
            CommitOnce(write);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == raw.SQLITE_CONSTRAINT)
        {
            // An operator's tool has taken the next row. That shows at the first row of a transaction, before anything is remembered of it.
            _next = NextRow;
            CommitOnce(write);
        }
    }

    private void CommitOnce(Action write)
    {
        _begin.Run();
        try
        {
            write();
            _commit.Run();
            _unindexed.RemoveRange(0, _indexed);
            _indexed = 0;
        }
        catch
        {
            _indexed = 0;
            _chains.Clear();
            _plans.Clear();
            TryRollBack();
            throw;
        }
    }

    private void TryRollBack()
    {
        try
        {
            _rollback.Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself.
        }
    }

    /// <returns>Whether the run has ended by it and is not stuck.</returns>
    private bool Write(JournalEvent entry)
    {
        if (entry.Accepted is { } accepted)
        {
            Accept(entry, accepted);
            return false;
        }

        // Of a run that is not under way, another process may have written the last row.
        if (entry.IsDecision || !_chains.TryGetValue(entry.RunId, out Chain? chain))
        {
            chain = Find(entry.RunId);
        }

        if (entry.IsDecision && !Decide(chain, entry))
        {
            return false;
        }

        bool isEnd = entry.Kind == JournalEventKind.RunFinished;
        if (entry.Kind == JournalEventKind.CompensationStarted)
        {
            chain.Cause ??= $"{entry.Reference} failed: {entry.Error}";
        }
        else if (entry.Kind == JournalEventKind.RunInterrupted)
        {
            chain.Cause ??= entry.Error;
        }
        else if (isEnd)
        {
            // Before its event: a run of one commit is then still the table's last row, which may grow without a page being split.
            _finish.Run(chain.First, EnumNames.Of(entry.Status), entry.Time, _next, entry.Error, chain.Cause, entry.Answer);
            _open.Remove(chain.First);
            _room = Math.Min(OutcomeBytes + (entry.Answer?.Length ?? 0) + (entry.Error?.Length ?? 0) + (chain.Cause?.Length ?? 0), MaxRoom);
        }

        _addEvent.Run(
            _next, _next - chain.First, _next - chain.Last, entry.Time, (long)entry.Kind, entry.Step, entry.Reference, entry.Attempt == 0 ? null : (long?)entry.Attempt,
            entry.Error ?? entry.Reason, entry.By, isEnd ? EnumNames.Of(entry.Status) : null, entry.PoolDelta, entry.ErrorCode);
        chain.Last = _next++;
        bool isStuck = isEnd && entry.Status == RunStatus.Stuck;
        if (isStuck)
        {
            _stuck.Add(entry.RunId);
        }
        else if (entry.IsDecision)
        {
            _stuck.Remove(entry.RunId);
        }

        if (isEnd || entry.Kind == JournalEventKind.AbandonRequested)
        {
            _chains.Remove(entry.RunId);
            return !isStuck;
        }

        _chains[entry.RunId] = chain;
        return false;
    }

    private void Accept(JournalEvent entry, RunAccepted accepted)
    {
        if (_plans.Add(accepted.Plan.Fingerprint))
        {
            _addPlan.Run(accepted.Plan.Fingerprint, accepted.Plan.Json);
        }

        _addRun.Run(
            _next, entry.Time, (long)entry.Kind, entry.PoolDelta, entry.RunId, accepted.Program, accepted.Plan.Fingerprint, accepted.RequestHash,
            RunKeys.Write(accepted.Keys), accepted.StartedAt, _room);
        _open.Add(_next);
        _chains[entry.RunId] = new Chain(_next);
        _unindexed.Add((entry.RunId, _next++));
        if (_unindexed.Count - _indexed == _maxUnindexed)
        {
            IndexRunIds();
        }
    }

    private void IndexRunIds()
    {
        for (; _indexed < _unindexed.Count; _indexed++)
        {
            _index.Run(_unindexed[_indexed].RunId, _unindexed[_indexed].Row);
        }

        _mark.Run(_open.Count > 0 ? _open.Min : _next, _next);
    }

    private Chain Find(string runId)
    {
        _findRun.Begin(runId);
        if (!_findRun.Step())
        {
            throw new JournalException($"An event of the run '{runId}' was to be recorded, and the journal does not have the run; it was removed from the file by hand.");
        }

        var chain = new Chain(_findRun.Long(0)) { Last = _findRun.Long(1), Cause = _findRun.Text(2) };
        _findRun.End();
        chain.Last = _lastRow.Number(chain.First, chain.Last)!.Value;
        return chain;
    }

    /// <summary>Of two decisions on one run the first counts; the run may have moved on since the operator looked.</summary>
    private bool Decide(Chain chain, JournalEvent entry)
    {
        bool abandons = entry.Kind == JournalEventKind.AbandonRequested;
        RunStatus status = abandons ? RunStatus.Abandoned : RunStatus.Unfinished;
        return _decide.Run(chain.First, EnumNames.Of(status), abandons ? (long?)entry.Time : null, _next) == 1;
    }

    /// <summary>The rows of a run under way.</summary>
    [DebuggerDisplay("{First} to {Last}")]
    private sealed class Chain(long first)
    {
        public long First { get; } = first;

        public long Last { get; set; } = first;

        public string? Cause { get; set; }
    }
}
