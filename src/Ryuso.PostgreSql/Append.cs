using Npgsql;
using NpgsqlTypes;

namespace Ryuso.PostgreSql;

/// <summary>The statements that write.</summary>
internal static class Append
{
    /// <summary>
    /// One statement, one round trip, one commit, for any number of runs. It locks the writer's row against being raised; where the fence
    /// was raised before, it writes nothing.
    /// </summary>
    /// <returns>Whether it was written, and is durable.</returns>
    public static async Task<bool> WriteAsync(WriteSession session, string schema, Segment segment)
    {
        bool isSmall = segment.Runs.Count == 0 && segment.Outcomes.Count == 0 && segment.Plans.Count == 0;
        using NpgsqlCommand command = Schema.Command(session.Connection, isSmall ? EventsOnly(schema) : Everything(schema), session.Fence);
        NpgsqlParameterCollection parameters = command.Parameters;
        AddEvents(parameters, segment.Events);
        if (!isSmall)
        {
            AddRuns(parameters, segment);
        }

        // A commit may fail after the row has come: this reads to the end.
        return (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))! == 1;
    }

    /// <summary>Whether the append that wrote an event is in the journal: it is there whole, or not at all.</summary>
    public static async Task<bool> ContainsAsync(WriteSession session, string schema, long run, int seq)
    {
        using NpgsqlCommand look = Schema.Command(session.Connection, $"SELECT 1 FROM {schema}.event WHERE run = $1 AND seq = $2", run, seq);
        return await look.ExecuteScalarAsync().ConfigureAwait(false) is not null;
    }

    /// <summary>
    /// An operator's decision, by the server or beside it. It needs no fence: it changes a stuck run only, of which the server writes
    /// nothing, and the first of two counts; sent twice it is made once.
    /// </summary>
    public static async Task DecideAsync(WriteSession session, string schema, JournalEvent decision)
    {
        bool abandons = decision.Kind == JournalEventKind.AbandonRequested;
        using NpgsqlCommand command = Schema.Command(
            session.Connection,
            $"""
            WITH decided AS (
                UPDATE {schema}.run SET status = $2, finished_at = $3, ended_at = CASE WHEN $3 IS NOT NULL THEN now() END
                WHERE run_id = $1 AND status = {(int)RunStatus.Stuck} RETURNING id)
            INSERT INTO {schema}.event (run, seq, time, kind, attempt, text, by)
            SELECT id, (SELECT max(seq) + 1 FROM {schema}.event WHERE run = id), $4, $5, 0, $6, $7 FROM decided
            """,
            StoredText.Write(decision.RunId)!,
            (short)(abandons ? RunStatus.Abandoned : RunStatus.Unfinished));
        NpgsqlParameterCollection parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = abandons ? decision.Time : DBNull.Value });
        parameters.Add(new NpgsqlParameter { Value = decision.Time });
        parameters.Add(new NpgsqlParameter { Value = (short)decision.Kind });
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)StoredText.Write(decision.Reason) ?? DBNull.Value });
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)StoredText.Write(decision.By) ?? DBNull.Value });
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static string EventsOnly(string schema) =>
        $"""
        WITH mine AS MATERIALIZED (SELECT 1 FROM {schema}.writer WHERE fence = $1 FOR SHARE),
        events AS (
            INSERT INTO {schema}.event (run, seq, time, kind, step, reference, attempt, text, by, outcome, pool_delta, error_code)
            SELECT e.* FROM mine, unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS e)
        SELECT count(*) FROM mine
        """;

    // In the order of run_id: two writers that bring the same two in opposite order would wait for each other.
    private static string Everything(string schema) =>
        $"""
        WITH mine AS MATERIALIZED (SELECT 1 FROM {schema}.writer WHERE fence = $1 FOR SHARE),
        events AS (
            INSERT INTO {schema}.event (run, seq, time, kind, step, reference, attempt, text, by, outcome, pool_delta, error_code)
            SELECT e.* FROM mine, unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS e),
        plans AS (
            INSERT INTO {schema}.plan (fingerprint, plan)
            SELECT p.* FROM mine, unnest($14, $15) AS p ON CONFLICT DO NOTHING),
        accepted AS (
            INSERT INTO {schema}.run (id, run_id, program, plan, request_hash, keys, started_at, status, finished_at, error, cause, answer, ended_at)
            SELECT a.*, CASE WHEN a.status NOT IN ({(int)RunStatus.Unfinished}, {(int)RunStatus.Stuck}) THEN now() END
            FROM mine, unnest($16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
                AS a (id, run_id, program, plan, request_hash, keys, started_at, status, finished_at, error, cause, answer)
            ORDER BY a.run_id),
        ended AS (
            UPDATE {schema}.run SET status = u.status, finished_at = u.finished_at, error = u.error, cause = u.cause, answer = u.answer,
                ended_at = CASE WHEN u.status <> {(int)RunStatus.Stuck} THEN now() END
            FROM mine, unnest($28, $29, $30, $31, $32, $33) AS u (id, status, finished_at, error, cause, answer)
            WHERE run.id = u.id)
        SELECT count(*) FROM mine
        """;

    private static void AddEvents(NpgsqlParameterCollection parameters, List<EventRow> events)
    {
        Add(parameters, NpgsqlDbType.Bigint, events, e => e.Run);
        Add(parameters, NpgsqlDbType.Integer, events, e => e.Seq);
        Add(parameters, NpgsqlDbType.Bigint, events, e => e.Entry.Time);
        Add(parameters, NpgsqlDbType.Smallint, events, e => (short)e.Entry.Kind);
        AddText(parameters, events, e => e.Entry.Step);
        AddText(parameters, events, e => e.Entry.Reference);
        Add(parameters, NpgsqlDbType.Integer, events, e => e.Entry.Attempt);
        AddText(parameters, events, e => e.Entry.Error);
        AddText(parameters, events, e => e.Entry.By);
        Add(parameters, NpgsqlDbType.Smallint, events, e => e.Entry.Kind == JournalEventKind.RunFinished ? (short?)e.Entry.Status : null);
        AddText(parameters, events, e => e.Entry.PoolDelta);
        AddText(parameters, events, e => e.Entry.ErrorCode);
    }

    private static void AddRuns(NpgsqlParameterCollection parameters, Segment segment)
    {
        AddText(parameters, segment.Plans, p => p.Fingerprint);
        AddText(parameters, segment.Plans, p => p.Json);
        List<RunRow> runs = segment.Runs;
        Add(parameters, NpgsqlDbType.Bigint, runs, r => r.Id);
        AddText(parameters, runs, r => r.RunId);
        AddText(parameters, runs, r => r.Accepted.Program);
        AddText(parameters, runs, r => r.Accepted.Plan.Fingerprint);
        AddText(parameters, runs, r => r.Accepted.RequestHash);
        Add(parameters, NpgsqlDbType.Text, runs, r => StoredText.WriteKeys(r.Accepted.Keys));
        Add(parameters, NpgsqlDbType.Bigint, runs, r => r.Accepted.StartedAt);
        Add(parameters, NpgsqlDbType.Smallint, runs, r => (short)(r.Outcome?.Status ?? RunStatus.Unfinished));
        Add(parameters, NpgsqlDbType.Bigint, runs, r => r.Outcome?.FinishedAt);
        AddText(parameters, runs, r => r.Outcome?.Error);
        AddText(parameters, runs, r => r.Outcome?.Cause);
        AddText(parameters, runs, r => r.Outcome?.Answer);
        List<Outcome> outcomes = segment.Outcomes;
        Add(parameters, NpgsqlDbType.Bigint, outcomes, o => o.Id);
        Add(parameters, NpgsqlDbType.Smallint, outcomes, o => (short)o.Status);
        Add(parameters, NpgsqlDbType.Bigint, outcomes, o => o.FinishedAt);
        AddText(parameters, outcomes, o => o.Error);
        AddText(parameters, outcomes, o => o.Cause);
        AddText(parameters, outcomes, o => o.Answer);
    }

    private static void AddText<TRow>(NpgsqlParameterCollection parameters, List<TRow> rows, Func<TRow, string?> of) =>
        Add(parameters, NpgsqlDbType.Text, rows, row => StoredText.Write(of(row)));

    private static void Add<TRow, T>(NpgsqlParameterCollection parameters, NpgsqlDbType type, List<TRow> rows, Func<TRow, T> of)
    {
        var values = new T[rows.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = of(rows[i]);
        }

        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
