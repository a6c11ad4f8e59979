using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Ryuso.Benchmarks;

    /// <summary>One row of an event's size a commit.</summary>
    internal sealed class RawSqlite : IDisposable
    {
        public const int RowLength = 200;

        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _begin;
        private readonly SqliteCommand _insert;
        private readonly SqliteCommand _commit;

        public RawSqlite(string path)
        {
            _connection = new SqliteConnection($"Data Source={path};Pooling=False");
            _connection.Open();
            using SqliteCommand make = Command("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
            make.ExecuteNonQuery();
            _begin = Command("BEGIN IMMEDIATE");
            _insert = Command("INSERT INTO t (text) VALUES ($text)");
            _insert.Parameters.AddWithValue("$text", "");
            _commit = Command("COMMIT");
        }

        public void Commit(string text)
        {
            _begin.ExecuteNonQuery();
            _insert.Parameters[0].Value = text;
            _insert.ExecuteNonQuery();
            _commit.ExecuteNonQuery();
        }

        public (int Commits, double Seconds) Run(double seconds)
        {
            int commits = 0;
            string text = new('x', RowLength);
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                Commit(text);
                commits++;
            }

            return (commits, watch.Elapsed.TotalSeconds);
        }

        public void Dispose()
        {
            _begin.Dispose();
            _insert.Dispose();
            _commit.Dispose();
            _connection.Dispose();
        }

        private SqliteCommand Command(string sql)
        {
            SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
            command.CommandText = sql;
#pragma warning restore CA2100
            return command;
        }
    }
