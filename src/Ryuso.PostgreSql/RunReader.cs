using System.Data;
using System.Text.Json;
using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>Reads runs and their events, and removes old ones, on a connection of its own. For any thread.</summary>
internal sealed class RunReader(Database database) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private NpgsqlConnection? _connection;

    private string Columns =>
        $"""
        SELECT r.id, r.run_id, r.program, r.status, r.started_at, r.request_hash, r.plan, p.plan, r.error, r.answer, r.finished_at, r.cause, r.keys
        FROM {database.Schema}.run r LEFT JOIN {database.Schema}.plan p ON p.fingerprint = r.plan
        """;

    public async Task<string?> FindIdAsync(CancellationToken cancellationToken) => await UseAsync(
        async connection =>
        {
            int version = await Schema.VersionAsync(connection, database.Schema, cancellationToken).ConfigureAwait(false)
                ?? throw database.Refuse("there is no journal in it. A server makes it when it starts.");
            Schema.ThrowIfNewer(version, database.Schema);
            using NpgsqlCommand find = Schema.Command(connection, $"SELECT id FROM {database.Schema}.journal");
            return ((Guid)(await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!).ToString("N");
        },
        cancellationToken).ConfigureAwait(false);

    public async Task<JournaledRun?> FindAsync(string runId, bool includeEvents, CancellationToken cancellationToken)
    {
        List<JournaledRun> runs = await ReadAsync(
            connection => Schema.Command(connection, $"{Columns} WHERE r.run_id = $1", StoredText.Write(runId)!),
            includeEvents,
            cancellationToken).ConfigureAwait(false);
        return runs.FirstOrDefault();
    }

    public Task<List<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken)
    {
        // As the indexes have it.
        string isOpen = query.Status is RunStatus.Unfinished or RunStatus.Stuck ? "IS NULL" : "IS NOT NULL";
        return ReadAsync(
            connection => Schema.Command(
                connection,
                $"{Columns} WHERE r.ended_at {isOpen} AND r.status = {(int)query.Status} AND r.id < $1 ORDER BY r.id DESC LIMIT $2",
                query.Before,
                query.Limit),
            query.IncludeEvents,
            cancellationToken);
    }

    public Task<HashSet<string>> ListStuckIdsAsync() => UseAsync(
        async connection =>
        {
            using NpgsqlCommand list = Schema.Command(
                connection, $"SELECT run_id FROM {database.Schema}.run WHERE ended_at IS NULL AND status = {(int)RunStatus.Stuck}");
            HashSet<string> ids = new(StringComparer.Ordinal);
            NpgsqlDataReader reader = await list.ExecuteReaderAsync().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync().ConfigureAwait(false))
                {
                    ids.Add(StoredText.Read(reader.GetString(0))!);
                }
            }

            return ids;
        },
        CancellationToken.None);

    /// <summary>A statement that gives one number or none.</summary>
    public Task<long> NumberAsync(Func<NpgsqlConnection, NpgsqlCommand> statement) => UseAsync(
        async connection =>
        {
            using NpgsqlCommand command = statement(connection);
            return (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
        },
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        if (_connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        _gate.Dispose();
    }

    /// <summary>Uses the connection, which is made anew where it broke.</summary>
    private async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (bool isFirst = true; ; isFirst = false)
            {
                bool isNew = _connection is null;
                try
                {
                    _connection ??= await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
                    return await use(_connection).ConfigureAwait(false);
                }
                catch (Exception exception) when (Database.IsFailure(exception) || exception is OperationCanceledException)
                {
                    if (_connection is not null)
                    {
                        await _connection.DisposeAsync().ConfigureAwait(false);
                        _connection = null;
                    }

                    // A connection that had stood idle may have been cut.
                    if (exception is OperationCanceledException)
                    {
                        throw;
                    }

                    if (isNew || !isFirst)
                    {
                        throw database.Explain(exception);
                    }
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private Task<List<JournaledRun>> ReadAsync(
        Func<NpgsqlConnection, NpgsqlCommand> query,
        bool includeEvents,
        CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            if (!includeEvents)
            {
                return await ReadRunsAsync(connection, query, cancellationToken).ConfigureAwait(false);
            }

            // Runs and their events as of one moment.
            NpgsqlTransaction moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            await using (moment.ConfigureAwait(false))
            {
                List<JournaledRun> runs = await ReadRunsAsync(connection, query, cancellationToken).ConfigureAwait(false);
                return runs.Count == 0 ? runs : await WithEventsAsync(connection, runs, cancellationToken).ConfigureAwait(false);
            }
        },
        cancellationToken);

    private static async Task<List<JournaledRun>> ReadRunsAsync(
        NpgsqlConnection connection,
        Func<NpgsqlConnection, NpgsqlCommand> query,
        CancellationToken cancellationToken)
    {
        List<JournaledRun> runs = [];
        using NpgsqlCommand command = query(connection);
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                runs.Add(Run(reader));
            }
        }

        return runs;
    }

    private static JournaledRun Run(NpgsqlDataReader row)
    {
        string? damage = row.IsDBNull(7) ? "its plan is missing" : null;
        IReadOnlyList<string>? keys = null;
        try
        {
            keys = StoredText.ReadKeys(row.Text(12));
        }
        catch (JsonException)
        {
            damage ??= "its keys cannot be read";
        }

        var plan = new JournaledPlan(row.GetString(6), StoredText.Read(row.Text(7)) ?? "");
        return new JournaledRun(
            StoredText.Read(row.GetString(1))!,
            new RunAccepted(StoredText.Read(row.GetString(2))!, row.Text(5), plan, row.GetInt64(4)) { Keys = keys },
            (RunStatus)row.GetInt16(3))
        {
            Position = row.GetInt64(0),
            Error = StoredText.Read(row.Text(8)),
            Answer = StoredText.Read(row.Text(9)),
            FinishedAt = row.IsDBNull(10) ? null : row.GetInt64(10),
            Cause = StoredText.Read(row.Text(11)),
            Damage = damage,
        };
    }

    private async Task<List<JournaledRun>> WithEventsAsync(NpgsqlConnection connection, List<JournaledRun> runs, CancellationToken cancellationToken)
    {
        Dictionary<long, (JournaledRun Run, List<JournalEvent> Events, string? Damage)> read = runs.ToDictionary(
            r => r.Position, r => (r, new List<JournalEvent>(), r.Damage));
        using NpgsqlCommand command = Schema.Command(
            connection,
            $"""
            SELECT run, seq, time, kind, step, reference, attempt, text, by, outcome, pool_delta, error_code
            FROM {database.Schema}.event WHERE run = ANY ($1) ORDER BY run, seq
            """,
            (object)runs.Select(r => r.Position).ToArray());
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                (JournaledRun run, List<JournalEvent> events, string? damage) = read[reader.GetInt64(0)];
                damage ??= reader.GetInt32(1) != events.Count + 1 ? "one of its events is missing" : null;
                damage ??= reader.GetInt16(3) is < 0 or > (short)JournalEventKind.AbandonRequested ? $"it has an event of the kind {reader.GetInt16(3)}, which this version does not know" : null;
                if (damage is null)
                {
                    events.Add(Event(reader, run));
                }

                read[run.Position] = (run, events, damage);
            }
        }

        return [.. runs.Select(r => r with { Events = read[r.Position].Events, Damage = read[r.Position].Damage })];
    }

    private static JournalEvent Event(NpgsqlDataReader row, JournaledRun run)
    {
        var kind = (JournalEventKind)row.GetInt16(3);
        bool isDecision = !row.IsDBNull(8);
        string? text = StoredText.Read(row.Text(7));
        return new JournalEvent(run.RunId, kind, row.GetInt64(2))
        {
            Accepted = kind == JournalEventKind.RunAccepted ? run.Accepted : null,
            Step = row.Text(4),
            Reference = StoredText.Read(row.Text(5)),
            Attempt = row.GetInt32(6),
            Error = isDecision ? null : text,
            Reason = isDecision ? text : null,
            By = StoredText.Read(row.Text(8)),
            Status = row.IsDBNull(9) ? default : (RunStatus)row.GetInt16(9),
            PoolDelta = StoredText.Read(row.Text(10)),
            ErrorCode = StoredText.Read(row.Text(11)),
        };
    }
}
