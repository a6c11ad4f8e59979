using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>The tables of a journal. Other programs read the views <c>runs</c> and <c>events</c>; tables may change with the version.</summary>
internal static class Schema
{
    public const int Version = 1;

    // Each brings a schema from the version of its index to the next.
    private static readonly string[] s_migrations =
    [
        """
        CREATE SCHEMA IF NOT EXISTS {schema};
        CREATE TABLE {schema}.journal (id uuid NOT NULL, version int NOT NULL);
        INSERT INTO {schema}.journal VALUES (gen_random_uuid(), 0);
        CREATE TABLE {schema}.writer (fence bigint NOT NULL, owner text, host text, process int, taken_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO {schema}.writer (fence) VALUES (0);
        CREATE TABLE {schema}.plan (fingerprint text PRIMARY KEY, plan text NOT NULL);
        CREATE TABLE {schema}.run (
            id           bigint PRIMARY KEY,
            run_id       text NOT NULL CONSTRAINT run_run_id UNIQUE,
            program      text NOT NULL,
            plan         text NOT NULL,
            request_hash text,
            keys         text,
            started_at   bigint NOT NULL,
            status       smallint NOT NULL,
            finished_at  bigint,
            ended_at     timestamptz,
            error        text,
            cause        text,
            answer       text
        ) WITH (fillfactor = 85);
        CREATE INDEX run_open ON {schema}.run (status, id) WHERE ended_at IS NULL;
        CREATE INDEX run_ended ON {schema}.run (status, ended_at) WHERE ended_at IS NOT NULL;
        CREATE TABLE {schema}.event (
            run        bigint NOT NULL,
            seq        int NOT NULL,
            time       bigint NOT NULL,
            kind       smallint NOT NULL,
            step       text,
            reference  text,
            attempt    int NOT NULL,
            text       text,
            by         text,
            outcome    smallint,
            pool_delta text,
            error_code text,
            PRIMARY KEY (run, seq)
        );
        CREATE VIEW {schema}.runs AS
        SELECT id, run_id, program,
            (ARRAY['unfinished', 'succeeded', 'rectified', 'stuck', 'resolved_with_skips', 'abandoned'])[status + 1] AS status,
            started_at, finished_at, keys, request_hash, plan, error, cause, answer
        FROM {schema}.run;
        CREATE VIEW {schema}.events AS
        SELECT run, seq, time,
            (ARRAY['run_accepted', 'step_started', 'step_completed', 'attempt_failed', 'compensation_started', 'run_interrupted',
                'recovery_started', 'run_finished', 'retry_requested', 'skip_requested', 'abandon_requested'])[kind + 1] AS kind,
            step, reference, attempt, CASE WHEN by IS NULL THEN text END AS error, error_code, CASE WHEN by IS NOT NULL THEN text END AS reason, by,
            (ARRAY['unfinished', 'succeeded', 'rectified', 'stuck', 'resolved_with_skips', 'abandoned'])[outcome + 1] AS outcome, pool_delta
        FROM {schema}.event;
        """,
    ];

    /// <summary>A schema's name as SQL.</summary>
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The schema's version; null where there is no journal in it.</summary>
    public static async Task<int?> VersionAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        using NpgsqlCommand exists = Command(connection, "SELECT to_regclass($1) IS NOT NULL", $"{schema}.journal");
        if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
        {
            return null;
        }

        using NpgsqlCommand version = Command(connection, $"SELECT version FROM {schema}.journal");
        return (int?)await version.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings the schema to this version. The caller holds the journal's lock.</summary>
    /// <exception cref="JournalException">A newer version of this package has made it.</exception>
    public static async Task MigrateAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        int version = await VersionAsync(connection, schema, cancellationToken).ConfigureAwait(false) ?? 0;
        ThrowIfNewer(version, schema);
        for (; version < Version; version++)
        {
            string migration = s_migrations[version].Replace("{schema}", schema, StringComparison.Ordinal);
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                using NpgsqlCommand migrate = Command(connection, $"{migration} UPDATE {schema}.journal SET version = {version + 1};");
                await migrate.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public static void ThrowIfNewer(int version, string schema)
    {
        if (version > Version)
        {
            throw new JournalException(
                $"The journal in the schema {schema} has version {version}, and this Ryuso.PostgreSql knows versions up to {Version}; use a newer one.");
        }
    }

    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
#pragma warning disable CA2100 // Values are parameters; the schema's name is quoted.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (object value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
