using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Opens connections to a journal's file, and knows what may be in it.</summary>
internal sealed class JournalFile(string path, TimeSpan lockTimeout)
{
    private static readonly Version s_minSqliteVersion = new(3, 51, 3);

    private FileIdentity? _database;
    private FileIdentity? _log;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The one connection that writes. Makes the file where it is missing, and brings an old one up to date.</summary>
    /// <param name="mayCreate">Whether a missing file is made.</param>
    /// <param name="maxPages">The file's greatest size; null for none.</param>
    /// <exception cref="JournalException">The file cannot be used.</exception>
    public SqliteConnection OpenWriter(bool mayCreate, int? maxPages)
    {
        SqliteConnection connection = Open(mayCreate ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite);
        try
        {
            RefuseOldSqlite(connection);
            Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;");
            if (maxPages is { } pages)
            {
                Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pages}"));
            }

            Migrate(connection, mayCreate);
            _database = FileIdentity.Of(Path);
            _log = FileIdentity.Of(Path + "-wal");
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw Explain(exception);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection for looking things up beside the writer.</summary>
    /// <exception cref="JournalException">The file cannot be used.</exception>
    public SqliteConnection OpenReader() => Open(SqliteOpenMode.ReadOnly);

    /// <summary>What tells this journal from every other.</summary>
    public static string IdOf(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM journal";
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>What is written into a file that somebody has deleted or replaced is lost, however well it is flushed.</summary>
    /// <exception cref="JournalException">The file or its write-ahead log is not the one that was opened.</exception>
    public void ThrowIfGone()
    {
        FileIdentity? database = FileIdentity.Of(Path), log = FileIdentity.Of(Path + "-wal");
        if (database is null || log is null)
        {
            throw new JournalException($"The journal '{Path}' or its -wal was deleted while the server ran, so nothing more can be recorded. Bring the files back if you can, and start the server again.");
        }

        if (database != _database || log != _log)
        {
            throw new JournalException($"The journal '{Path}' or its -wal was replaced by another file while the server ran, so nothing more can be recorded. Stop the server, bring the right files back, and start it again.");
        }
    }

    /// <summary>Says in words what SQLite says in a number.</summary>
    public JournalException Explain(SqliteException exception) => new(
        exception.SqliteErrorCode switch
        {
            5 or 6 => $"The journal '{Path}' has been locked by another program for more than {lockTimeout.TotalSeconds} seconds. Close that program; a shell with an open transaction does this.",
            8 => $"The journal '{Path}' cannot be written. Give this user the right to write the file and its folder.",
            10 => $"The disk failed under the journal '{Path}': {exception.Message}",
            11 => $"The journal '{Path}' is damaged. Keep the file and its -wal, and restore a backup; what was under way must be looked at by hand.",
            13 => $"There is no room left for the journal '{Path}'. Make room and start the server again.",
            14 => $"The journal '{Path}' cannot be opened. See that its folder exists and that this user may write it.",
            26 => $"The file '{Path}' is no SQLite database. Name another file for the journal.",
            _ => $"The journal '{Path}' failed: {exception.Message}",
        },
        exception);

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = (int)lockTimeout.TotalSeconds,
        }.ToString());
        try
        {
            connection.Open();
            SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, (int)lockTimeout.TotalMilliseconds);
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw Explain(exception);
        }
    }

    private static void RefuseOldSqlite(SqliteConnection connection)
    {
        if (Version.Parse(connection.ServerVersion) < s_minSqliteVersion)
        {
            throw new JournalException(
                $"SQLite {connection.ServerVersion} can lose committed data when it restarts its write-ahead log. Reference SQLitePCLRaw.bundle_e_sqlite3 3.0.5 or later, which brings at least {s_minSqliteVersion}.");
        }
    }

    private void Migrate(SqliteConnection connection, bool isServer)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        long application = Number(connection, "PRAGMA application_id");
        long version = Number(connection, "PRAGMA user_version");
        if (application != Schema.ApplicationId && Number(connection, "SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw new JournalException($"The file '{Path}' is a SQLite database but no Ryuso journal. Name another file for the journal.");
        }

        int current = Schema.Migrations.Length;
        if (version > current)
        {
            throw new JournalException($"The journal '{Path}' was written by a newer version of Ryuso (its schema is {version}, this version knows {current}). Start that version, or a later one.");
        }

        if (version < current && !isServer)
        {
            // The server that writes it may be running.
            throw new JournalException($"The journal '{Path}' was written by an older version of Ryuso (its schema is {version}, this version has {current}). Start the server with this version once, or use the tool of that version.");
        }

        for (long next = version; next < current; next++)
        {
            Execute(connection, Schema.Migrations[next]);
        }

        if (version < current)
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {Schema.ApplicationId}; PRAGMA user_version = {current}"));
        }

        Execute(connection, "COMMIT");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this assembly, but for numbers.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }
}
