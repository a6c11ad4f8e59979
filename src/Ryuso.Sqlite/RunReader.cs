using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Reads runs and their events, on a connection of its own.</summary>
internal sealed class RunReader(SqliteConnection connection) : IDisposable
{
    private const string Columns =
        "SELECT r.id, r.run_id, r.program, r.status, r.started_at, r.request_hash, r.plan, p.plan, r.error, r.answer FROM runs r JOIN plans p ON p.fingerprint = r.plan";

    private readonly Lock _gate = new();
    private readonly SqliteCommand _find = Command(connection, Columns + " WHERE r.run_id = $run_id", "$run_id");
    private readonly SqliteCommand _list = Command(connection, Columns + " WHERE r.status = $status ORDER BY r.id DESC LIMIT $limit", "$status", "$limit");
    private readonly SqliteCommand _events = Command(
        connection, "SELECT time, kind, step, reference, attempt, text, by, json FROM events WHERE run = $run ORDER BY seq", "$run");

    public JournaledRun? Find(string runId)
    {
        lock (_gate)
        {
            _find.Parameters[0].Value = runId;
            return Read(_find).FirstOrDefault();
        }
    }

    public List<JournaledRun> List(RunStatus status, int limit)
    {
        lock (_gate)
        {
            _list.Parameters[0].Value = Words.Of(status);
            _list.Parameters[1].Value = limit;
            return Read(_list);
        }
    }

    public void Dispose()
    {
        _find.Dispose();
        _list.Dispose();
        _events.Dispose();
        connection.Dispose();
    }

    private List<JournaledRun> Read(SqliteCommand command)
    {
        List<(long Key, JournaledRun Run)> runs = [];
        using (SqliteDataReader row = command.ExecuteReader())
        {
            while (row.Read())
            {
                var accepted = new RunAccepted(row.GetString(2), Text(row, 5), new JournaledPlan(row.GetString(6), row.GetString(7)), row.GetInt64(4));
                runs.Add((row.GetInt64(0), new JournaledRun(row.GetString(1), accepted, Words.Status(row.GetString(3)), Text(row, 8), Text(row, 9), [])));
            }
        }

        return [.. runs.Select(r => r.Run with { Events = Events(r.Key, r.Run) })];
    }

    private List<JournalEvent> Events(long key, JournaledRun run)
    {
        List<JournalEvent> events = [];
        _events.Parameters[0].Value = key;
        using SqliteDataReader row = _events.ExecuteReader();
        while (row.Read())
        {
            JournalEventKind kind = Words.Kind(row.GetString(1));
            events.Add(new JournalEvent(run.RunId, kind, row.GetInt64(0))
            {
                Accepted = kind == JournalEventKind.Accepted ? run.Accepted : null,
                Step = Text(row, 2),
                Reference = Text(row, 3),
                Attempt = row.IsDBNull(4) ? 0 : row.GetInt32(4),
                Text = Text(row, 5),
                By = Text(row, 6),
                Json = Text(row, 7),
            });
        }

        return events;
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (string name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }
}
