using System.Diagnostics;
using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>
/// One connection that may write the journal, and the fence under which it does. Whoever takes the journal raises the fence in the writer's
/// row first: that waits for an append in flight, and every later append of the former writer writes nothing.
/// </summary>
/// <remarks>
/// The fence is the truth. The advisory lock, which the database releases when the connection ends, only keeps two servers from taking the
/// journal from each other in turns, and lets one wait for the other.
/// </remarks>
internal sealed class WriteSession : IAsyncDisposable
{
    private static readonly TimeSpan s_lockInterval = TimeSpan.FromMilliseconds(50);

    // How long the database may take to notice that this process's former connection is gone.
    private static readonly TimeSpan s_formerTimeout = TimeSpan.FromSeconds(5);

    private readonly Database _database;

    private WriteSession(Database database, NpgsqlConnection connection)
    {
        _database = database;
        Connection = connection;
    }

    public NpgsqlConnection Connection { get; }

    public long Fence { get; private set; }

    /// <summary>Whether the writer before may still be carrying out a step.</summary>
    public bool IsFormerWriterInDoubt { get; private set; }

    /// <summary>Takes the journal, makes its schema where it is missing, and fences whoever had it.</summary>
    /// <exception cref="JournalException">Another server has it, or the database cannot hold a journal.</exception>
    public static async Task<WriteSession> TakeAsync(
        Database database,
        PostgreSqlJournalOptions options,
        int formerProcess,
        CancellationToken cancellationToken)
    {
        WriteSession session = await ConnectAsync(database, cancellationToken).ConfigureAwait(false);
        try
        {
            await session.EndFormerAsync(formerProcess).ConfigureAwait(false);
            await session.LockAsync(options.StandbyTimeout, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            await Schema.MigrateAsync(session.Connection, database.Schema, cancellationToken).ConfigureAwait(false);
            session.IsFormerWriterInDoubt = await session.IsWriterInDoubtAsync(cancellationToken).ConfigureAwait(false);
            using NpgsqlCommand take = Schema.Command(
                session.Connection,
                $"UPDATE {database.Schema}.writer SET fence = fence + 1, owner = $1, host = $2, process = $3, taken_at = now() RETURNING fence",
                database.ApplicationName,
                Environment.MachineName,
                Environment.ProcessId);
            session.Fence = (long)(await take.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Goes on after a broken connection or an unknown outcome: afterwards nothing that this process sent before can be written any more.
    /// </summary>
    /// <exception cref="JournalException">Another server has taken the journal.</exception>
    public static async Task<WriteSession> TakeAgainAsync(Database database, int formerProcess, TimeProvider time)
    {
        WriteSession session = await ConnectAsync(database, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await session.EndFormerAsync(formerProcess).ConfigureAwait(false);
            await session.LockAsync(s_formerTimeout, time, CancellationToken.None).ConfigureAwait(false);

            // By the owner and not by the fence: an earlier attempt may have raised that, and its reply may be lost.
            using NpgsqlCommand take = Schema.Command(
                session.Connection,
                $"UPDATE {database.Schema}.writer SET fence = fence + 1 WHERE owner = $1 RETURNING fence",
                database.ApplicationName);
            session.Fence = (long?)await take.ExecuteScalarAsync().ConfigureAwait(false) ?? throw session.Fenced();
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>For an operator's tool, which takes nothing from anybody.</summary>
    public static async Task<WriteSession> ConnectAsync(Database database, CancellationToken cancellationToken) =>
        new(database, await database.ConnectAsync(cancellationToken).ConfigureAwait(false));

    public JournalException Fenced() => _database.Refuse("another server has taken it. What this one had under way is that server's to end.");

    /// <summary>Lets go of the journal, so that the next writer need not wait.</summary>
    public async Task ReleaseAsync()
    {
        using NpgsqlCommand release = Schema.Command(
            Connection, $"UPDATE {_database.Schema}.writer SET fence = fence + 1, host = NULL WHERE fence = $1", Fence);
        await release.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>The database may not have noticed yet that this process's former connection is gone.</summary>
    private async Task EndFormerAsync(int process)
    {
        using NpgsqlCommand end = Schema.Command(
            Connection,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2",
            process,
            _database.ApplicationName);
        await end.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private async Task LockAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            // A lock that were waited for in the database would keep it from removing old row versions.
            using NpgsqlCommand take = Schema.Command(
                Connection, "SELECT pg_try_advisory_lock(hashtextextended('ryuso ' || $1, 0))", _database.Schema);
            if ((bool)(await take.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                return;
            }

            if (timeout != Timeout.InfiniteTimeSpan && time.GetElapsedTime(began) >= timeout)
            {
                throw _database.Refuse(
                    "another server has it. Stop that one, give this one a schema of its own, or let it wait as a standby (StandbyTimeout).");
            }

            await Task.Delay(s_lockInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsWriterInDoubtAsync(CancellationToken cancellationToken)
    {
        using NpgsqlCommand read = Schema.Command(Connection, $"SELECT host, process FROM {_database.Schema}.writer");
        NpgsqlDataReader reader = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                throw _database.Refuse("the writer's row is missing; it was removed by hand.");
            }

            return !await reader.IsDBNullAsync(0, cancellationToken).ConfigureAwait(false)
                && (reader.GetString(0) != Environment.MachineName || IsOtherProcessAlive(reader.GetInt32(1)));
        }
    }

    private static bool IsOtherProcessAlive(int process)
    {
        try
        {
            using var other = Process.GetProcessById(process);
            return process != Environment.ProcessId && !other.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
