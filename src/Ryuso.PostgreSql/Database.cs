using System.Net.Sockets;
using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>Connects to the journal's database and checks that a commit there is a promise.</summary>
internal sealed class Database : IAsyncDisposable
{
    private const int MinVersion = 150000;

    private readonly NpgsqlDataSource _source;
    private readonly string _name;

    /// <exception cref="JournalException">The connection string cannot be read.</exception>
    public Database(string connectionString, string schema)
    {
        Schema = PostgreSql.Schema.Quote(schema);
        ApplicationName = $"ryuso {Guid.NewGuid():N}";
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString)
            {
                ApplicationName = ApplicationName,
                Pooling = false,
                Enlist = false,
                MaxAutoPrepare = 40,
                AutoPrepareMinUsages = 2,
            };
            var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
            builder.EnableArrays();
            builder.EnableTransportSecurity();
            _source = settings.Host?.Contains(',', StringComparison.Ordinal) == true
                ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
                : builder.Build();
            _name = $"'{settings.Database ?? settings.Username}' on {settings.Host}:{settings.Port}, schema {Schema}";
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or NotSupportedException)
        {
            throw new JournalException($"The journal's connection string cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>The journal's schema, as SQL.</summary>
    public string Schema { get; }

    /// <summary>Tells the connections of this journal from all others.</summary>
    public string ApplicationName { get; }

    /// <summary>Whether an exception is the database's or the way to it, so that another attempt may succeed.</summary>
    public static bool IsFailure(Exception exception) =>
        exception is NpgsqlException or IOException or SocketException or TimeoutException or InvalidOperationException { Source: "Npgsql" };

    /// <summary>An open connection.</summary>
    /// <exception cref="JournalException">The database keeps no promises; the message says why and what to do.</exception>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await CheckAsync(connection, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public JournalException Explain(Exception exception) => exception as JournalException ?? new JournalException(
        exception is PostgresException { SqlState: var state, MessageText: var text }
            ? $"The journal in the database {_name} failed: {text} (SQLSTATE {state})."
            : $"The journal in the database {_name} cannot be reached: {exception.Message}",
        exception);

    public JournalException Refuse(string why) => new($"The journal in the database {_name} cannot be used: {why}");

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // A machine that has vanished must not keep its lock for hours. Without effect on a socket of the same machine.
        using (NpgsqlCommand session = PostgreSql.Schema.Command(
            connection,
            "SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 5000; "
            + "SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = 10000"))
        {
            await session.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        using NpgsqlCommand settings = PostgreSql.Schema.Command(
            connection,
            """
            SELECT pg_is_in_recovery(), current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
                current_setting('server_encoding'), current_setting('server_version_num')::int, pg_backend_pid(), current_setting('server_version')
            """);
        NpgsqlDataReader reader = await settings.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            string? problem = reader switch
            {
                _ when reader.GetBoolean(0) => "it is a standby, which cannot be written. Connect to the primary; several hosts in the connection string let Npgsql find it.",
                _ when reader.GetString(1) != "on" => "fsync is off, so that a crash of the database loses what it has acknowledged. Turn it on.",
                _ when reader.GetString(2) != "on" => "full_page_writes is off, so that a crash may damage the database. Turn it on.",
                _ when reader.GetString(3) is "off" or "local" => $"synchronous_commit is '{reader.GetString(3)}', so that what it has acknowledged may be lost. Set it to 'on' for this user (ALTER ROLE … SET synchronous_commit = on) or in the connection string (Options=-c synchronous_commit=on).",
                _ when reader.GetString(4) != "UTF8" => $"its encoding is {reader.GetString(4)}. Make a database with the encoding UTF8.",
                _ when reader.GetInt32(5) < MinVersion => $"it is PostgreSQL {reader.GetString(7)}. Use 15 or later.",
                _ when reader.GetInt32(6) != connection.ProcessID => "a pooler stands between it and this server. A journal needs a session of its own: connect to PostgreSQL itself.",
                _ => null,
            };
            if (problem is not null)
            {
                throw Refuse(problem);
            }
        }
    }
}
