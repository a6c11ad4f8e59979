using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ryuso.Sqlite;

/// <summary>
/// A prepared statement that is bound by position and stepped in place: what a command costs beside that would be paid at every commit.
/// </summary>
internal sealed class Statement : IDisposable
{
    private const int Short = 512;

    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    /// <param name="connection">An open connection, which must outlive the statement.</param>
    /// <param name="sql">One statement with parameters <c>?1</c>, <c>?2</c>, …</param>
    public Statement(SqliteConnection connection, string sql)
    {
        _connection = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_connection, sql, out _statement));
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>How many rows were changed.</returns>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    public int Run(params ReadOnlySpan<Value> values)
    {
        Begin(values);
        while (Step())
        {
        }

        return raw.sqlite3_changes(_connection);
    }

    /// <summary>Runs to the first row, of which it gives the first column; null where there is none.</summary>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    public long? Number(params ReadOnlySpan<Value> values)
    {
        Begin(values);
        long? number = Step() && !IsNull(0) ? Long(0) : null;
        End();
        return number;
    }

    /// <summary>Binds. Rows come by <see cref="Step"/>, until it says that there are no more, or <see cref="End"/>.</summary>
    public void Begin(params ReadOnlySpan<Value> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            Bind(i + 1, values[i]);
        }
    }

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    public bool Step()
    {
        int code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        // A failed step says itself why.
        End();
        Check(code == raw.SQLITE_DONE ? raw.SQLITE_OK : code);
        return false;
    }

    /// <summary>Lets go of the row, and so of the read that SQLite has open for it.</summary>
    public void End() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    public string? Text(int column) => IsNull(column) ? null : Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    public void Dispose() => _statement.Dispose();

    private void Bind(int index, in Value value)
    {
        if (value.Text is not { } text)
        {
            Check(value.Number is { } number ? raw.sqlite3_bind_int64(_statement, index, number) : raw.sqlite3_bind_null(_statement, index));
            return;
        }

        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = most > Short ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> bytes = rented ?? stackalloc byte[Short];
        Check(raw.sqlite3_bind_text(_statement, index, bytes[..Encoding.UTF8.GetBytes(text, bytes)]));
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, _connection);
        }
    }

    /// <summary>What may be bound: a text, a number or nothing.</summary>
    public readonly record struct Value(string? Text, long? Number)
    {
        public static implicit operator Value(string? text) => new(text, null);

        public static implicit operator Value(long number) => new(null, number);

        public static implicit operator Value(long? number) => new(null, number);
    }
}
