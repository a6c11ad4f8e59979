using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace Wallet;

/// <summary>All money of the wallet, in one SQLite file. Amounts are whole cents.</summary>
/// <remarks>Every booking is one SQL transaction that changes the balance and writes the ledger row.</remarks>
public sealed class WalletDb : IDisposable
{
    private const string Schema = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS accounts (
            name    TEXT PRIMARY KEY,
            owner   TEXT NOT NULL,
            balance INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE IF NOT EXISTS ledger (
            id      INTEGER PRIMARY KEY,
            tx      TEXT NOT NULL,
            kind    TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES accounts (name),
            amount  INTEGER NOT NULL,
            note    TEXT NOT NULL,
            time    INTEGER NOT NULL,
            UNIQUE (tx, kind)
        ) STRICT;
        CREATE TABLE IF NOT EXISTS openings (
            tx      TEXT PRIMARY KEY,
            account TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE INDEX IF NOT EXISTS ledger_of_account ON ledger (account, id);
        CREATE TABLE IF NOT EXISTS payouts (
            key       TEXT PRIMARY KEY,
            tx        TEXT NOT NULL UNIQUE,
            account   TEXT NOT NULL,
            amount    INTEGER NOT NULL,
            cancelled INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        """;

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();

    /// <summary>Opens the file named by <c>WALLET_DB</c>, or <c>wallet.db</c>; creates it where it is missing.</summary>
    public WalletDb() : this(Environment.GetEnvironmentVariable("WALLET_DB") is { Length: > 0 } path ? path : "wallet.db") { }

    /// <summary>Opens a file; creates it where it is missing.</summary>
    public WalletDb(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, Pooling = false }.ToString());
        _connection.Open();
        Execute(Schema);
        Path = System.IO.Path.GetFullPath(path);
    }

    /// <summary>The file, in full.</summary>
    public string Path { get; }

    /// <summary>Creates an account, once however often the same transaction asks; false where the name is taken.</summary>
    public bool TryOpen(string tx, string account, string owner)
    {
        lock (_gate)
        {
            if (OpenedBy(tx) == account)
            {
                return true;
            }

            using SqliteTransaction transaction = _connection.BeginTransaction();
            if (Execute("INSERT INTO accounts (name, owner) VALUES ($name, $owner) ON CONFLICT DO NOTHING", ("$name", account), ("$owner", owner)) == 0)
            {
                return false;
            }

            Execute("INSERT INTO openings (tx, account) VALUES ($tx, $name)", ("$tx", tx), ("$name", account));
            transaction.Commit();
            return true;
        }
    }

    /// <summary>Removes the account that a transaction opened, unless something was booked on it since; where it opened none, does nothing.</summary>
    public void Close(string tx)
    {
        lock (_gate)
        {
            if (OpenedBy(tx) is { } account)
            {
                using SqliteTransaction transaction = _connection.BeginTransaction();
                Execute("DELETE FROM openings WHERE tx = $tx", ("$tx", tx));
                Execute("DELETE FROM accounts WHERE name = $name AND NOT EXISTS (SELECT 1 FROM ledger WHERE account = $name)", ("$name", account));
                transaction.Commit();
            }
        }
    }

    /// <summary>An account's balance; null where there is no such account.</summary>
    public long? Balance(string account)
    {
        lock (_gate)
        {
            return ReadBalance(account);
        }
    }

    /// <summary>Changes a balance and writes the ledger row, both or neither, once however often the same transaction asks. Returns the new balance; null, and nothing is booked, where the account is missing or would fall below zero.</summary>
    public long? Book(string tx, string kind, string account, long amount, string note = "")
    {
        lock (_gate)
        {
            if (IsBooked(tx, kind))
            {
                return ReadBalance(account);
            }

            using SqliteTransaction transaction = _connection.BeginTransaction();
            int changed = Execute(
                "UPDATE accounts SET balance = balance + $amount WHERE name = $account AND balance + $amount >= 0",
                ("$account", account), ("$amount", amount));
            if (changed == 0)
            {
                return null;
            }

            WriteRow(tx, kind, account, amount, note);
            long? balance = ReadBalance(account);
            transaction.Commit();
            return balance;
        }
    }

    /// <summary>Books the opposite of a booking, at most once however often it is called. Where there is nothing to undo, does nothing.</summary>
    public void Undo(string tx, string kind)
    {
        string undo = "undo_" + kind;
        lock (_gate)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            string? account = null;
            long amount = 0;
            using (SqliteCommand find = Command(
                "SELECT account, amount FROM ledger WHERE tx = $tx AND kind = $kind AND NOT EXISTS (SELECT 1 FROM ledger WHERE tx = $tx AND kind = $undo)",
                ("$tx", tx), ("$kind", kind), ("$undo", undo)))
            using (SqliteDataReader row = find.ExecuteReader())
            {
                if (row.Read())
                {
                    account = row.GetString(0);
                    amount = -row.GetInt64(1);
                }
            }

            if (account is null)
            {
                return;
            }

            Execute("UPDATE accounts SET balance = balance + $amount WHERE name = $account", ("$account", account), ("$amount", amount));
            WriteRow(tx, undo, account, amount, "");
            transaction.Commit();
        }
    }

    /// <summary>An account's last entries, newest first.</summary>
    public JsonArray Entries(string account, long limit)
    {
        lock (_gate)
        {
            using SqliteCommand command = Command(
                "SELECT tx, kind, amount, note, time FROM ledger WHERE account = $account ORDER BY id DESC LIMIT $limit",
                ("$account", account), ("$limit", Math.Clamp(limit, 0, 1000)));
            using SqliteDataReader row = command.ExecuteReader();
            JsonArray entries = [];
            while (row.Read())
            {
                entries.Add((JsonNode)new JsonObject
                {
                    ["tx"] = row.GetString(0),
                    ["kind"] = row.GetString(1),
                    ["amount"] = row.GetInt64(2),
                    ["note"] = row.GetString(3),
                    ["time"] = row.GetInt64(4),
                });
            }

            return entries;
        }
    }

    /// <summary>Writes down a payout, once; a cancelled one stays cancelled.</summary>
    public void AddPayout(string key, string tx, string account, long amount)
    {
        lock (_gate)
        {
            Execute("INSERT INTO payouts (key, tx, account, amount) VALUES ($key, $tx, $account, $amount) ON CONFLICT DO NOTHING", ("$key", key), ("$tx", tx), ("$account", account), ("$amount", amount));
        }
    }

    /// <summary>Cancels a payout; where there is none, does nothing.</summary>
    public void CancelPayout(string tx)
    {
        lock (_gate)
        {
            Execute("UPDATE payouts SET cancelled = 1 WHERE tx = $tx", ("$tx", tx));
        }
    }

    /// <summary>What must always agree: the sum of all balances is the deposits minus the payouts.</summary>
    public (long Balances, long Deposits, long Payouts) Totals()
    {
        lock (_gate)
        {
            using SqliteCommand command = Command("""
                SELECT (SELECT COALESCE(SUM(balance), 0) FROM accounts),
                       (SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE kind IN ('deposit', 'undo_deposit')),
                       (SELECT COALESCE(SUM(amount), 0) FROM payouts WHERE cancelled = 0)
                """);
            using SqliteDataReader row = command.ExecuteReader();
            row.Read();
            return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private string? OpenedBy(string tx)
    {
        using SqliteCommand command = Command("SELECT account FROM openings WHERE tx = $tx", ("$tx", tx));
        return (string?)command.ExecuteScalar();
    }

    private bool IsBooked(string tx, string kind)
    {
        using SqliteCommand command = Command("SELECT 1 FROM ledger WHERE tx = $tx AND kind = $kind", ("$tx", tx), ("$kind", kind));
        return command.ExecuteScalar() is not null;
    }

    private long? ReadBalance(string account)
    {
        using SqliteCommand command = Command("SELECT balance FROM accounts WHERE name = $name", ("$name", account));
        return (long?)command.ExecuteScalar();
    }

    private void WriteRow(string tx, string kind, string account, long amount, string note) => Execute(
        "INSERT INTO ledger (tx, kind, account, amount, note, time) VALUES ($tx, $kind, $account, $amount, $note, $time)",
        ("$tx", tx), ("$kind", kind), ("$account", account), ("$amount", amount), ("$note", note),
        ("$time", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));

    private int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
