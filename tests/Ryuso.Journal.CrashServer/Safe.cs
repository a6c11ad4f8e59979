using Microsoft.Data.Sqlite;

namespace Ryuso.Journal.CrashServer;

/// <summary>The money, in a file of its own. What is written stays when the process ends; only power loss could take it, and nobody pulls a plug here.</summary>
public sealed class Safe : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();

    /// <summary>Opens the file; makes it, with its accounts, where it is missing.</summary>
    public Safe(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        Run("""
            PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
            CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
            CREATE TABLE IF NOT EXISTS ledger (run TEXT, kind TEXT, account TEXT, amount INTEGER, PRIMARY KEY (run, kind));
            CREATE TABLE IF NOT EXISTS payouts (key TEXT PRIMARY KEY, run TEXT, amount INTEGER, cancelled INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 1);
            INSERT OR IGNORE INTO accounts VALUES ('ann', 1000000), ('bob', 1000000), ('cid', 1000000),
                ('own0', 1000000), ('own1', 1000000), ('own2', 1000000), ('own3', 1000000);
            """);
    }

    /// <summary>What is on an account.</summary>
    public long Balance(string account)
    {
        lock (_gate)
        {
            using SqliteCommand command = Command("SELECT balance FROM accounts WHERE name = $0", account);
            return (long)command.ExecuteScalar()!;
        }
    }

    /// <summary>Books once, however often it is called.</summary>
    public bool Book(string run, string kind, string account, long amount)
    {
        lock (_gate)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            if (Run("INSERT OR IGNORE INTO ledger VALUES ($0, $1, $2, $3)", run, kind, account, amount) == 1
                && Run("UPDATE accounts SET balance = balance + $1 WHERE name = $0 AND balance + $1 >= 0", account, amount) == 0)
            {
                return false;
            }

            transaction.Commit();
            return true;
        }
    }

    /// <summary>Books the opposite once; where there is nothing to undo, does nothing.</summary>
    public HookResult Undo(string run, string kind)
    {
        lock (_gate)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            if (Run("INSERT OR IGNORE INTO ledger SELECT run, 'undo_' || kind, account, -amount FROM ledger WHERE run = $0 AND kind = $1", run, kind) == 1)
            {
                Run("UPDATE accounts SET balance = balance + (SELECT amount FROM ledger WHERE run = $0 AND kind = 'undo_' || $1) WHERE name = (SELECT account FROM ledger WHERE run = $0 AND kind = $1)", run, kind);
            }

            transaction.Commit();
            return HookResult.Ok;
        }
    }

    /// <summary>The bank outside: pays once for each key.</summary>
    public HookResult PayOut(string key, string run, long amount)
    {
        lock (_gate)
        {
            Run("INSERT INTO payouts (key, run, amount) VALUES ($0, $1, $2) ON CONFLICT DO UPDATE SET asked = asked + 1", key, run, amount);
            return HookResult.Ok;
        }
    }

    /// <summary>Cancels a run's payout; where there is none, does nothing.</summary>
    public HookResult CancelPayout(string run)
    {
        lock (_gate)
        {
            Run("UPDATE payouts SET cancelled = 1 WHERE run = $0", run);
            return HookResult.Ok;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private int Run(string sql, params object[] values)
    {
        using SqliteCommand command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params object[] values)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue("$" + i, values[i]);
        }

        return command;
    }
}
