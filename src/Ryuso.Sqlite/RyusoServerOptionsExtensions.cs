using Ryuso.Sqlite;

namespace Ryuso;

/// <summary>Gives a server its journal in one line.</summary>
public static class RyusoServerOptionsExtensions
{
    /// <summary>
    /// Keeps a journal in a SQLite file, so that every accepted run reaches exactly one recorded outcome through any crash.
    /// </summary>
    /// <param name="options">The server's options.</param>
    /// <param name="path">The file; made where it is missing. Two servers never share one.</param>
    /// <param name="configure">Sets how long finished runs are kept.</param>
    public static RyusoServerOptions UseSqliteJournal(this RyusoServerOptions options, string path, Action<SqliteJournalOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var journal = new SqliteJournalOptions();
        configure?.Invoke(journal);
        options.Journal = new SqliteJournal(path, journal);
        return options;
    }
}
