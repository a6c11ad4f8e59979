using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Reads runs and their events, on a connection of its own. For any thread.</summary>
internal sealed class RunReader : IDisposable
{
    private const string Columns =
        "SELECT j.id, j.run_id, j.program, coalesce(j.status, 'unfinished'), j.started_at, j.request_hash, j.plan, p.plan, j.error, j.answer, j.finished_at, j.cause, "
        + "coalesce(j.last, j.id), j.keys FROM log j";

    private const string WithPlan = " LEFT JOIN plans p ON p.fingerprint = j.plan ";
    private const string EventColumns = "SELECT id, id - offset, time, kind, step, reference, attempt, text, by, outcome, pool_delta, error_code FROM log ";

    // Guards the connection and its statements.
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly Statement _begin;
    private readonly Statement _end;
    private readonly Statement _find;
    private readonly Statement _open;
    private readonly Statement _new;
    private readonly Statement _closed;
    private readonly Statement _event;
    private readonly Statement _later;

    public RunReader(SqliteConnection connection)
    {
        _connection = connection;
        _begin = new(connection, "BEGIN");
        _end = new(connection, "COMMIT");
        _find = new(connection, Columns + WithPlan + $"WHERE j.id = {Schema.RowOfRun}");
        _open = new(
            connection,
            Columns + " INDEXED BY log_open" + WithPlan + "WHERE j.status IN ('unfinished', 'stuck') AND j.status = ?1 AND j.id < ?3 ORDER BY j.id DESC LIMIT ?2");

        // Runs that have never ended are in no index: there are few, and none before the mark.
        _new = new(
            connection,
            Columns + " NOT INDEXED" + WithPlan
            + "WHERE j.id >= (SELECT open_from FROM marks) AND j.run_id IS NOT NULL AND j.status IS NULL AND j.id < ?2 ORDER BY j.id DESC LIMIT ?1");
        _closed = new(connection, Columns + " NOT INDEXED" + WithPlan + "WHERE j.run_id IS NOT NULL AND j.status = ?1 AND j.id < ?3 ORDER BY j.id DESC LIMIT ?2");
        _event = new(connection, EventColumns + "WHERE id = ?1");
        _later = new(connection, EventColumns + "WHERE id > ?2 AND id - run_offset = ?1 ORDER BY id");
    }

    public JournaledRun? Find(string runId, bool includeEvents)
    {
        lock (_gate)
        {
            return InOneRead(() =>
            {
                _find.Begin(runId);
                return Read(_find, includeEvents).FirstOrDefault();
            });
        }
    }

    public List<JournaledRun> List(RunQuery query)
    {
        lock (_gate)
        {
            return InOneRead(() =>
            {
                List<JournaledRun> runs = [];
                if (query.Status == RunStatus.Unfinished)
                {
                    _new.Begin(query.Limit, query.Before);
                    runs.AddRange(Read(_new, query.IncludeEvents));
                }

                Statement rest = query.Status is RunStatus.Unfinished or RunStatus.Stuck ? _open : _closed;
                rest.Begin(EnumNames.Of(query.Status), query.Limit, query.Before);
                runs.AddRange(Read(rest, query.IncludeEvents));
                return query.Status == RunStatus.Unfinished ? [.. runs.OrderByDescending(run => run.Position).Take(query.Limit)] : runs;
            });
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in (ReadOnlySpan<Statement>)[_begin, _end, _find, _open, _new, _closed, _event, _later])
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    /// <summary>A run and its events as of one moment.</summary>
    private T InOneRead<T>(Func<T> read)
    {
        _begin.Run();
        try
        {
            return read();
        }
        finally
        {
            _end.Run();
        }
    }

    private List<JournaledRun> Read(Statement row, bool includeEvents)
    {
        List<(long Last, JournaledRun Run)> runs = [];
        while (row.Step())
        {
            string? damage = row.IsNull(7) ? "its plan is missing" : null;
            IReadOnlyList<string>? keys = null;
            try
            {
                keys = RunKeys.Read(row.Text(13));
            }
            catch (JsonException)
            {
                damage ??= "its keys cannot be read";
            }

            var plan = new JournaledPlan(row.Text(6) ?? "", row.Text(7) ?? "");
            var accepted = new RunAccepted(row.Text(2)!, row.Text(5), plan, row.Long(4)) { Keys = keys };
            runs.Add((row.Long(12), new JournaledRun(row.Text(1)!, accepted, EnumNames.Status(row.Text(3)!))
            {
                Position = row.Long(0),
                Error = row.Text(8),
                Answer = row.Text(9),
                FinishedAt = row.IsNull(10) ? null : row.Long(10),
                Cause = row.Text(11),
                Damage = damage,
            }));
        }

        return [.. runs.Select(r => includeEvents ? WithEvents(r.Run, r.Last) : r.Run)];
    }

    /// <summary>Back from the last row that the run names, then on from it where the run is under way.</summary>
    private JournaledRun WithEvents(JournaledRun run, long last)
    {
        List<JournalEvent> events = [];
        try
        {
            for (long? row = last; row is { } id;)
            {
                _event.Begin(id);
                if (!_event.Step())
                {
                    return run with { Damage = run.Damage ?? "one of its events is missing" };
                }

                events.Add(Event(_event, run));
                row = _event.IsNull(1) ? null : _event.Long(1);
                _event.End();
            }

            events.Reverse();
            if (run.Status == RunStatus.Unfinished)
            {
                _later.Begin(run.Position, last);
                while (_later.Step())
                {
                    events.Add(Event(_later, run));
                }
            }

            return run with { Events = events };
        }
        catch (JournalException exception)
        {
            _event.End();
            _later.End();
            return run with { Damage = run.Damage ?? exception.Message };
        }
    }

    private static JournalEvent Event(Statement row, JournaledRun run)
    {
        JournalEventKind kind = EnumNames.Kind(row.Long(3));
        bool isDecision = !row.IsNull(8);
        return new JournalEvent(run.RunId, kind, row.Long(2))
        {
            Accepted = kind == JournalEventKind.RunAccepted ? run.Accepted : null,
            Step = row.Text(4),
            Reference = row.Text(5),
            Attempt = (int)row.Long(6),
            Error = isDecision ? null : row.Text(7),
            Reason = isDecision ? row.Text(7) : null,
            By = row.Text(8),
            Status = row.Text(9) is { } outcome ? EnumNames.Status(outcome) : default,
            PoolDelta = row.Text(10),
            ErrorCode = row.Text(11),
        };
    }
}
