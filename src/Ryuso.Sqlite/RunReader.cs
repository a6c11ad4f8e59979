using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Reads runs and their events, on a connection of its own.</summary>
internal sealed class RunReader(SqliteConnection connection) : IDisposable
{
    private const string Columns =
        "SELECT j.id, j.run_id, j.program, coalesce(j.status, 'unfinished'), j.started_at, j.request_hash, j.plan, p.plan, j.error, j.answer, j.finished_at, " +
        "(SELECT e.reference || ' failed: ' || e.text FROM log e WHERE e.id BETWEEN j.id AND j.id + 1048575 AND e.kind IN ('turned', 'interrupted') ORDER BY e.id LIMIT 1) FROM log j";

    private const string WithPlan = " JOIN plans p ON p.fingerprint = j.plan ";

    private readonly Lock _gate = new();
    private readonly Statement _find = new(connection, Columns + WithPlan + $"WHERE j.id = {Schema.KeyOfRun}");
    private readonly Statement _open = new(
        connection, Columns + " INDEXED BY log_open" + WithPlan + "WHERE j.status IN ('unfinished', 'stuck') AND j.status = ?1 AND j.id < ?3 ORDER BY j.id DESC LIMIT ?2");

    // Runs that have never ended are in no index: there are few, and none before the mark.
    private readonly Statement _new = new(
        connection, Columns + " NOT INDEXED" + WithPlan + "WHERE j.id >= (SELECT open_from FROM marks) AND j.run_id IS NOT NULL AND j.status IS NULL AND j.id < ?2 ORDER BY j.id DESC LIMIT ?1");

    private readonly Statement _closed = new(connection, Columns + " NOT INDEXED" + WithPlan + "WHERE j.run_id IS NOT NULL AND j.status = ?1 AND j.id < ?3 ORDER BY j.id DESC LIMIT ?2");
    private readonly Statement _events = new(
        connection, "SELECT time, kind, step, reference, attempt, text, by, json FROM log WHERE id BETWEEN ?1 AND ?1 + ?2 - 1 ORDER BY id");

    public JournaledRun? Find(string runId, bool includeEvents)
    {
        lock (_gate)
        {
            _find.Begin(runId);
            return Read(_find, includeEvents).FirstOrDefault();
        }
    }

    public List<JournaledRun> List(RunQuery query)
    {
        lock (_gate)
        {
            List<JournaledRun> runs = [];
            if (query.Status == RunStatus.Unfinished)
            {
                _new.Begin(query.Limit, query.Before);
                runs.AddRange(Read(_new, query.IncludeEvents));
            }

            Statement rest = query.Status is RunStatus.Unfinished or RunStatus.Stuck ? _open : _closed;
            rest.Begin(EnumNames.Of(query.Status), query.Limit - runs.Count, query.Before);
            runs.AddRange(Read(rest, query.IncludeEvents));
            return runs;
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)[_find, _open, _new, _closed, _events])
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private List<JournaledRun> Read(Statement row, bool includeEvents)
    {
        List<(long Key, JournaledRun Run)> runs = [];
        while (row.Step())
        {
            var accepted = new RunAccepted(row.Text(2)!, row.Text(5), new JournaledPlan(row.Text(6)!, row.Text(7)!), row.Long(4));
            runs.Add((row.Long(0), new JournaledRun(row.Text(1)!, accepted, EnumNames.Status(row.Text(3)!))
            {
                Position = row.Long(0),
                Error = row.Text(8),
                Answer = row.Text(9),
                FinishedAt = row.IsNull(10) ? null : row.Long(10),
                Cause = row.Text(11),
            }));
        }

        return [.. runs.Select(r => includeEvents ? r.Run with { Events = Events(r.Key, r.Run) } : r.Run)];
    }

    private List<JournalEvent> Events(long key, JournaledRun run)
    {
        List<JournalEvent> events = [];
        _events.Begin(key, Schema.RowsPerRun);
        while (_events.Step())
        {
            JournalEventKind kind = EnumNames.Kind(_events.Text(1)!);
            bool isDecision = kind >= JournalEventKind.RetryRequested;
            events.Add(new JournalEvent(run.RunId, kind, _events.Long(0))
            {
                Accepted = kind == JournalEventKind.RunAccepted ? run.Accepted : null,
                Step = _events.Text(2),
                Reference = _events.Text(3),
                Attempt = (int)_events.Long(4),
                Error = isDecision ? null : _events.Text(5),
                Reason = isDecision ? _events.Text(5) : null,
                By = _events.Text(6),
                PoolDelta = _events.Text(7),
                Status = kind == JournalEventKind.RunFinished ? run.Status : default,
            });
        }

        return events;
    }
}
