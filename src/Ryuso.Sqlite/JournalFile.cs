using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Opens connections to a journal's file, and knows what may be in it.</summary>
internal sealed class JournalFile(string path, TimeSpan lockTimeout)
{
    private static readonly Version s_minSqliteVersion = new(3, 51, 3);

    private FileIdentity? _database;
    private FileIdentity? _log;
    private bool _hasCommitted;

    // SQLite follows a link too and keeps the -wal beside the file itself.
    public string Path { get; } = FollowLink(System.IO.Path.GetFullPath(path));

    private string LogPath => Path + "-wal";

    private string IndexPath => Path + "-shm";

    /// <summary>The one connection that writes. Makes the file where it is missing, and brings an old one up to date.</summary>
    /// <param name="mayCreate">Whether a missing file is made.</param>
    /// <param name="mayMigrate">Whether one of an older version is brought up to date.</param>
    /// <param name="maxPages">The file's greatest size; null for none.</param>
    /// <param name="openTimeout">How long to wait for the file while it is being opened; null for as long as later.</param>
    /// <exception cref="JournalException">The file cannot be used.</exception>
    public SqliteConnection OpenWriter(bool mayCreate, bool mayMigrate, int? maxPages, TimeSpan? openTimeout = null)
    {
        // Opened again, it must be the same: SQLite would make what is missing.
        ThrowIfGone();
        SqliteConnection connection = Open(mayCreate ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, openTimeout ?? lockTimeout);
        try
        {
            RefuseOldSqlite(connection);
            Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;");
            if (maxPages is { } pages)
            {
                Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {pages}"));
            }

            Migrate(connection, mayMigrate);
            SetTimeout(connection, lockTimeout);
            _database = FileIdentity.Of(Path, out _);
            _log = FileIdentity.Of(LogPath, out _);
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
    public SqliteConnection OpenReader() => Open(SqliteOpenMode.ReadOnly, lockTimeout);

    /// <summary>
    /// A connection for looking only, which needs no right to write and leaves nothing behind, whether a server has the file or none.
    /// </summary>
    /// <param name="leftover">A file to be deleted once the connection is closed; null where there is none.</param>
    /// <exception cref="JournalException">The file cannot be used.</exception>
    public SqliteConnection OpenObserver(out string? leftover)
    {
        if (FileIdentity.Of(Path, out _) is null)
        {
            throw new JournalException($"There is no journal '{Path}'.");
        }

        // Without a log nobody writes, and everything is in the file: SQLite need make no file to read it.
        bool hasLog = FileIdentity.Of(LogPath, out _) is not null;
        leftover = hasLog && FileIdentity.Of(IndexPath, out _) is null ? IndexPath : null;
        SqliteConnection connection = Open(SqliteOpenMode.ReadOnly, lockTimeout, isImmutable: !hasLog);
        try
        {
            CheckVersion(connection, out long version);
            if (version == 0)
            {
                throw new JournalException($"The file '{Path}' holds no journal yet. If it is a copy, its '-wal' is missing: copy the two together.");
            }

            if (version < Schema.Migrations.Length)
            {
                throw OlderVersion(version);
            }

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

    /// <summary>Deletes what <see cref="OpenObserver"/> had to make, unless a server has come meanwhile.</summary>
    public void Clean(string? leftover)
    {
        if (leftover is not null && File.Exists(leftover) && !JournalLock.IsTaken(Path))
        {
            File.Delete(leftover);
        }
    }

    /// <summary>What tells this journal from every other.</summary>
    public static string IdOf(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM journal";
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>What is written into a file that was deleted, replaced or emptied is lost, however well it is flushed.</summary>
    /// <exception cref="JournalException">The file or its write-ahead log is not the one that was opened.</exception>
    public void ThrowIfGone()
    {
        if (_database is null)
        {
            return;
        }

        FileIdentity? database = FileIdentity.Of(Path, out long length), log = FileIdentity.Of(LogPath, out long logLength);
        if (database is null || log is null)
        {
            throw new JournalException($"The journal '{Path}' or its -wal was deleted while the server ran, so nothing more can be recorded. Bring the files back if you can, and start the server again.");
        }

        if (database != _database || log != _log)
        {
            throw new JournalException($"The journal '{Path}' or its -wal was replaced by another file while the server ran, so nothing more can be recorded. Stop the server, bring the right files back, and start it again.");
        }

        if (length == 0 || (logLength == 0 && _hasCommitted))
        {
            throw Emptied();
        }
    }

    /// <summary>A log that was emptied is not empty after the next commit, so this is asked before.</summary>
    /// <exception cref="JournalException">The write-ahead log was emptied.</exception>
    public void ThrowIfEmptied()
    {
        if (_hasCommitted && FileIdentity.Of(LogPath, out long length) is not null && length == 0)
        {
            throw Emptied();
        }
    }

    /// <summary>From now on the write-ahead log is never empty.</summary>
    public void Committed() => _hasCommitted = true;

    /// <summary>How many bytes the write-ahead log has.</summary>
    public long LogLength => FileIdentity.Of(LogPath, out long length) is null ? 0 : length;

    /// <summary>Says in words what SQLite says in a number.</summary>
    public JournalException Explain(SqliteException exception) => new(
        exception.SqliteErrorCode switch
        {
            5 or 6 => $"The journal '{Path}' has been locked by another program for more than {lockTimeout.TotalSeconds} seconds. Close that program; a shell with an open transaction does this.",
            8 => $"The journal '{Path}' cannot be written. Give this user the right to write the file and its folder.",
            10 => $"The disk failed under the journal '{Path}': {exception.Message}",
            11 => $"The journal '{Path}' is damaged. Keep the file and its -wal, and restore a backup; what was under way must be looked at by hand.",
            13 => $"There is no room left for the journal '{Path}'. Make room.",
            14 => $"The journal '{Path}' cannot be opened. See that its folder exists and that this user may write it.",
            26 => $"The file '{Path}' is no SQLite database. Name another file for the journal.",
            _ => $"The journal '{Path}' failed: {exception.Message}",
        },
        exception);

    private JournalException Emptied() => new(
        $"The journal '{Path}' or its -wal was emptied while the server ran, so nothing more can be recorded. Stop the server, restore a backup, and start it again.");

    private static string FollowLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            // Not there, or links in a circle: opening it says so.
            return path;
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode, TimeSpan timeout, bool isImmutable = false)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = isImmutable ? $"file:{Uri.EscapeDataString(Path)}?immutable=1" : Path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = (int)timeout.TotalSeconds,
        }.ToString());
        try
        {
            connection.Open();
            SetTimeout(connection, timeout);
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw Explain(exception);
        }
    }

    private static void SetTimeout(SqliteConnection connection, TimeSpan timeout) =>
        SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, (int)timeout.TotalMilliseconds);

    private static void RefuseOldSqlite(SqliteConnection connection)
    {
        if (Version.Parse(connection.ServerVersion) < s_minSqliteVersion)
        {
            throw new JournalException(
                $"SQLite {connection.ServerVersion} can lose committed data when it restarts its write-ahead log. Reference SQLitePCLRaw.bundle_e_sqlite3 3.0.5 or later, which brings at least {s_minSqliteVersion}.");
        }
    }

    private void Migrate(SqliteConnection connection, bool mayMigrate)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        CheckVersion(connection, out long version);
        int current = Schema.Migrations.Length;
        if (version < current && !mayMigrate)
        {
            // The server that writes it may be running.
            throw OlderVersion(version);
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

    /// <exception cref="JournalException">The file is no journal, or one of a later version.</exception>
    private void CheckVersion(SqliteConnection connection, out long version)
    {
        version = Number(connection, "PRAGMA user_version");
        if (Number(connection, "PRAGMA application_id") != Schema.ApplicationId && Number(connection, "SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw new JournalException($"The file '{Path}' is a SQLite database but no Ryuso journal. Name another file for the journal.");
        }

        if (version > Schema.Migrations.Length)
        {
            throw new JournalException(
                $"The journal '{Path}' was written by a newer version of Ryuso (its schema is {version}, this version knows {Schema.Migrations.Length}). Start that version, or a later one.");
        }
    }

    private JournalException OlderVersion(long version) => new(
        $"The journal '{Path}' was written by an older version of Ryuso (its schema is {version}, this version has {Schema.Migrations.Length}). "
        + "Start the server with this version once, or use the tool of that version.");

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
