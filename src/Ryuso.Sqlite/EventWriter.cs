using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Writes events as rows, each batch in a transaction of its own.</summary>
internal sealed class EventWriter : IDisposable
{
    private readonly int _maxUnindexed;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _addPlan;
    private readonly Statement _addRun;
    private readonly Statement _findRun;
    private readonly Statement _addEvent;
    private readonly Statement _finish;
    private readonly Statement _decide;
    private readonly Statement _decided;
    private readonly Statement _name;
    private readonly Statement _mark;
    private readonly HashSet<string> _plans = new(StringComparer.Ordinal);

    // Runs that have neither ended nor been stuck yet: the index of open runs does not know them, the mark stays before them.
    private readonly SortedSet<long> _open = [];
    private readonly List<(string RunId, long Key)> _unindexed = [];
    private int _named;
    private long _next;

    // Of the run written last: the next event is nearly always its own.
    private (string RunId, long Key, long Rows) _last = ("", 0, 0);

    public EventWriter(SqliteConnection connection, SqliteJournalOptions options)
    {
        _maxUnindexed = options.MaxUnindexedRuns;
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _rollback = new(connection, "ROLLBACK");
        _addPlan = new(connection, "INSERT INTO plans (fingerprint, plan) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        _addRun = new(connection, "INSERT INTO log (id, time, kind, json, run_id, program, plan, request_hash, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _findRun = new(connection, $"SELECT id, (SELECT max(id) FROM log e WHERE e.id BETWEEN r.id AND r.id + ?2 - 1) FROM log r WHERE id = {Schema.KeyOfRun}");
        _addEvent = new(connection, "INSERT INTO log (id, time, kind, step, reference, attempt, text, by, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _finish = new(connection, "UPDATE log SET status = ?2, finished_at = ?3, error = ?4, answer = ?5 WHERE id = ?1");
        _decide = new(connection, "UPDATE log SET status = ?2, finished_at = ?3 WHERE id = ?1 AND status = 'stuck'");
        _decided = new(connection, "SELECT run_id FROM log INDEXED BY log_open WHERE status IN ('unfinished', 'stuck') AND status = 'unfinished' ORDER BY id");
        _name = new(connection, "INSERT INTO run_ids (run_id, run) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        _mark = new(connection, "UPDATE marks SET open_from = ?1, named_from = ?2");
        using Statement last = new(connection, "SELECT max(coalesce((SELECT max(id) FROM log), 0) / ?1 * ?1 + ?1, (SELECT open_from FROM marks))");
        _next = last.Number(Schema.RowsPerRun)!.Value;
        using Statement behind = new(
            connection,
            "SELECT id, run_id, status IS NULL, id >= named_from FROM log, marks WHERE id >= min(open_from, named_from) AND run_id IS NOT NULL ORDER BY id");
        while (behind.Step())
        {
            if (behind.Long(2) != 0)
            {
                _open.Add(behind.Long(0));
            }

            if (behind.Long(3) != 0)
            {
                _unindexed.Add((behind.Text(1)!, behind.Long(0)));
            }
        }
    }

    /// <summary>Writes events in one transaction: all or none.</summary>
    public void Write(List<JournalEvent> events) => Commit(() =>
    {
        foreach (JournalEvent entry in events)
        {
            Write(entry);
        }
    });

    /// <summary>Brings the index of ids up to date, before runs may be removed.</summary>
    public void CatchUp()
    {
        if (_unindexed.Count > 0)
        {
            Commit(IndexRunIds);
        }
    }

    /// <summary>The runs on which an operator has decided and that have not ended since.</summary>
    public List<string> FindDecided()
    {
        List<string> decided = [];
        _decided.Begin();
        while (_decided.Step())
        {
            decided.Add(_decided.Text(0)!);
        }

        return decided;
    }

    private void Commit(Action write)
    {
        _begin.Run();
        try
        {
            write();
            _commit.Run();
            _unindexed.RemoveRange(0, _named);
            _named = 0;
        }
        catch
        {
            _named = 0;
            _last = ("", 0, 0);
            _plans.Clear();
            TryRollBack();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)[_begin, _commit, _rollback, _addPlan, _addRun, _findRun, _addEvent, _finish, _decide, _decided, _name, _mark])
        {
            statement.Dispose();
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

    private void Write(JournalEvent entry)
    {
        if (entry.Accepted is { } accepted)
        {
            Accept(entry, accepted);
            return;
        }

        if (entry.RunId != _last.RunId)
        {
            Find(entry.RunId);
        }

        if (entry.IsDecision && !Decide(entry))
        {
            return;
        }

        if (_last.Rows == Schema.RowsPerRun)
        {
            throw new JournalException($"The run '{entry.RunId}' has {_last.Rows} events, and the journal has no room for more. Find out why it is tried for ever.");
        }

        bool isEnd = entry.Kind == JournalEventKind.RunFinished;
        if (isEnd)
        {
            // Before its event: a run of one commit is then still the table's last row, which may grow without a page being split.
            _finish.Run(_last.Key, EnumNames.Of(entry.Status), entry.Time, entry.Error, entry.Answer);
            _open.Remove(_last.Key);
        }

        _addEvent.Run(_last.Key + _last.Rows++, entry.Time, EnumNames.Of(entry.Kind), entry.Step, entry.Reference,
            entry.Attempt == 0 ? null : (long?)entry.Attempt, entry.Error ?? entry.Reason, entry.By, entry.PoolDelta);
        if (isEnd)
        {
            // From here on an operator's tool may write to the run.
            _last = ("", 0, 0);
        }
    }

    private void Accept(JournalEvent entry, RunAccepted accepted)
    {
        if (_plans.Add(accepted.Plan.Fingerprint))
        {
            _addPlan.Run(accepted.Plan.Fingerprint, accepted.Plan.Json);
        }

        long key = _next;
        _addRun.Run(key, entry.Time, EnumNames.Of(entry.Kind), entry.PoolDelta, entry.RunId, accepted.Program, accepted.Plan.Fingerprint, accepted.RequestHash, accepted.StartedAt);
        _next += Schema.RowsPerRun;
        _open.Add(key);
        _unindexed.Add((entry.RunId, key));
        _last = (entry.RunId, key, 1);
        if (_unindexed.Count - _named == _maxUnindexed)
        {
            IndexRunIds();
        }
    }

    private void IndexRunIds()
    {
        for (; _named < _unindexed.Count; _named++)
        {
            _name.Run(_unindexed[_named].RunId, _unindexed[_named].Key);
        }

        _mark.Run(_open.Count > 0 ? _open.Min : _next, _next);
    }

    private void Find(string runId)
    {
        _findRun.Begin(runId, Schema.RowsPerRun);
        if (!_findRun.Step())
        {
            throw new JournalException($"The journal was told of the run '{runId}', which it does not have; somebody removed it from the file.");
        }

        _last = (runId, _findRun.Long(0), _findRun.Long(1) - _findRun.Long(0) + 1);
        _findRun.End();
    }

    /// <summary>Of two decisions on one run the first counts; the run may have been settled since the operator looked.</summary>
    private bool Decide(JournalEvent entry)
    {
        // Another process may have written to the run.
        Find(entry.RunId);
        bool abandons = entry.Kind == JournalEventKind.AbandonRequested;
        return _decide.Run(_last.Key, EnumNames.Of(abandons ? RunStatus.Abandoned : RunStatus.Unfinished), abandons ? (long?)entry.Time : null) == 1;
    }
}
