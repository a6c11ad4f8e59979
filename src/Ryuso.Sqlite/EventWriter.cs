using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Writes events as rows, with prepared statements, inside the transaction that the caller holds.</summary>
internal sealed class EventWriter : IDisposable
{
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _addPlan;
    private readonly SqliteCommand _addRun;
    private readonly SqliteCommand _findRun;
    private readonly SqliteCommand _addEvent;
    private readonly SqliteCommand _finish;
    private readonly SqliteCommand _decide;
    private readonly HashSet<string> _plans = new(StringComparer.Ordinal);

    // Of the run written last: the next event is nearly always its own.
    private (string RunId, long Key, long Seq) _last = ("", 0, 0);

    public EventWriter(SqliteConnection connection)
    {
        _begin = Prepare(connection, "BEGIN IMMEDIATE");
        _commit = Prepare(connection, "COMMIT");
        _rollback = Prepare(connection, "ROLLBACK");
        _addPlan = Prepare(connection, "INSERT INTO plans (fingerprint, plan) VALUES ($fingerprint, $plan) ON CONFLICT DO NOTHING", "$fingerprint", "$plan");
        _addRun = Prepare(
            connection,
            "INSERT INTO runs (run_id, program, status, started_at, request_hash, plan) VALUES ($run_id, $program, 'unfinished', $started_at, $request_hash, $plan) RETURNING id",
            "$run_id", "$program", "$started_at", "$request_hash", "$plan");
        _findRun = Prepare(connection, "SELECT id, (SELECT max(seq) FROM events WHERE run = runs.id) FROM runs WHERE run_id = $run_id", "$run_id");
        _addEvent = Prepare(
            connection,
            """
            INSERT INTO events (run, seq, time, kind, step, reference, attempt, text, by, json)
            VALUES ($run, $seq, $time, $kind, $step, $reference, $attempt, $text, $by, $json)
            """,
            "$run", "$seq", "$time", "$kind", "$step", "$reference", "$attempt", "$text", "$by", "$json");
        _finish = Prepare(
            connection,
            "UPDATE runs SET status = $status, finished_at = $finished_at, error = $error, answer = $answer WHERE id = $run",
            "$run", "$status", "$finished_at", "$error", "$answer");
        _decide = Prepare(
            connection,
            "UPDATE runs SET status = $status, finished_at = $finished_at WHERE id = $run AND status = 'stuck'",
            "$run", "$status", "$finished_at");
    }

    /// <summary>Writes events in one transaction: all or none.</summary>
    public void Write(List<JournalEvent> events)
    {
        _begin.ExecuteNonQuery();
        try
        {
            foreach (JournalEvent entry in events)
            {
                Write(entry);
            }

            _commit.ExecuteNonQuery();
        }
        catch
        {
            _last = ("", 0, 0);
            _plans.Clear();
            TryRollBack();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in (ReadOnlySpan<SqliteCommand>)[_begin, _commit, _rollback, _addPlan, _addRun, _findRun, _addEvent, _finish, _decide])
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
            // SQLite has rolled back by itself.
        }
    }

    private void Write(JournalEvent entry)
    {
        if (entry.Accepted is { } accepted)
        {
            Accept(entry.RunId, accepted);
        }
        else if (entry.RunId != _last.RunId)
        {
            Find(entry.RunId);
        }

        if (entry.Kind is JournalEventKind.Retry or JournalEventKind.Skip or JournalEventKind.Abandon && !Decide(entry))
        {
            return;
        }

        _last.Seq++;
        Run(_addEvent, _last.Key, _last.Seq, entry.Time, Words.Of(entry.Kind), entry.Step, entry.Reference,
            entry.Attempt == 0 ? null : entry.Attempt, entry.Text, entry.By, entry.Kind == JournalEventKind.Finished ? null : entry.Json);
        if (entry.Kind == JournalEventKind.Finished)
        {
            Run(_finish, _last.Key, Words.Of(entry.Status), entry.Time, entry.Text, entry.Json);

            // From here on an operator's tool may write to the run.
            _last = ("", 0, 0);
        }
    }

    private void Accept(string runId, RunAccepted accepted)
    {
        if (_plans.Add(accepted.Plan.Fingerprint))
        {
            Run(_addPlan, accepted.Plan.Fingerprint, accepted.Plan.Json);
        }

        Bind(_addRun, runId, accepted.Program, accepted.StartedAt, accepted.RequestHash, accepted.Plan.Fingerprint);
        _last = (runId, (long)_addRun.ExecuteScalar()!, 0);
    }

    private void Find(string runId)
    {
        Bind(_findRun, runId);
        using SqliteDataReader row = _findRun.ExecuteReader();
        _last = row.Read()
            ? (runId, row.GetInt64(0), row.IsDBNull(1) ? 0 : row.GetInt64(1))
            : throw new JournalException($"The journal was told of the run '{runId}', which it does not have; somebody removed it from the file.");
    }

    /// <summary>Of two decisions on one run the first counts; the run may have been settled since the operator looked.</summary>
    private bool Decide(JournalEvent entry)
    {
        // Another process may have written to the run.
        Find(entry.RunId);
        bool abandons = entry.Kind == JournalEventKind.Abandon;
        return Run(_decide, _last.Key, Words.Of(abandons ? RunStatus.Abandoned : RunStatus.Unfinished), abandons ? entry.Time : null) == 1;
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (string name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        command.Prepare();
        return command;
    }

    private static int Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        Bind(command, values);
        return command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }
}
