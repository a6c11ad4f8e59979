using Ryuso.PostgreSql;

namespace Ryuso;

/// <summary>Gives a server its journal in PostgreSQL in one line.</summary>
public static class PostgreSqlServerOptionsExtensions
{
    /// <summary>
    /// Keeps a journal in a PostgreSQL database, so that every accepted run reaches exactly one recorded outcome through any crash, on this
    /// machine or another.
    /// </summary>
    /// <param name="options">The server's options.</param>
    /// <param name="connectionString">Npgsql's connection string: PostgreSQL itself, not a pooler.</param>
    /// <param name="configure">Sets the schema, how long to wait, and how long finished runs are kept.</param>
    public static RyusoServerOptions UsePostgreSqlJournal(
        this RyusoServerOptions options,
        string connectionString,
        Action<PostgreSqlJournalOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var journal = new PostgreSqlJournalOptions();
        configure?.Invoke(journal);
        options.Journal = new PostgreSqlJournal(connectionString, journal);
        return options;
    }
}
