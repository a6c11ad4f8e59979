using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>The one connection that writes, from an opening of the file to its closing, with what is prepared on it.</summary>
internal sealed class WriteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Statement _dataVersion;
    private long _seenVersion;

    /// <param name="connection">An open connection, from here on the session's to close.</param>
    /// <param name="options">How long runs are kept.</param>
    /// <param name="isServer">Whether old runs are removed.</param>
    public WriteSession(SqliteConnection connection, SqliteJournalOptions options, bool isServer)
    {
        _connection = connection;
        Writer = new EventWriter(connection, options);
        Retention = isServer ? new Retention(connection, options, Writer) : null;
        _dataVersion = new Statement(connection, "PRAGMA data_version");
        _seenVersion = _dataVersion.Number()!.Value;
    }

    public EventWriter Writer { get; }

    public Retention? Retention { get; }

    /// <summary>Whether another connection has written since this was last asked.</summary>
    public bool HasForeignChange()
    {
        long version = _dataVersion.Number()!.Value;
        bool isNew = version != _seenVersion;
        _seenVersion = version;
        return isNew;
    }

    public void Dispose()
    {
        _dataVersion.Dispose();
        Retention?.Dispose();
        Writer.Dispose();
        _connection.Dispose();
    }
}
