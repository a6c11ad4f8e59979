using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;
using Steps;

namespace Ryuso.Benchmarks;

/// <summary>Durable runs per second beside as many commits of raw SQLite, by turns on the same disk: <c>dotnet run -c Release -- durable [seconds] [folder]</c>.</summary>
internal static class DurableRuns
{
    private static readonly (string Program, int Commits)[] Programs = [("none", 1), ("one", 2), ("three", 4)];

    private const int Slices = 16;

    public static async Task RunAsync(double seconds, string folder)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("| reversible steps | clients | raw SQLite, runs/s of as many commits | Ryuso, runs/s | of raw | commits a run |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach ((string program, int commits) in Programs)
        {
            foreach (int clients in (int[])[1, 64])
            {
                await CompareAsync(folder, program, commits, clients, seconds / Slices / 2).ConfigureAwait(false);
            }
        }
    }

    /// <summary>By turns, in short slices: what else the disk does meets both.</summary>
    private static async Task CompareAsync(string folder, string program, int commits, int clients, double slice)
    {
        using var raw = new RawSqlite(Fresh(folder, "raw.db"));
        var journal = new SqliteJournal(Fresh(folder, "ours.db"));
        await using (journal.ConfigureAwait(false))
        {
            var orchestrator = new StepsOrchestrator();
            await orchestrator.UseJournalAsync(journal).ConfigureAwait(false);

            // Both write-ahead logs first grow to the size at which they are used again from their beginning: growing costs more.
            await orchestrator.RunAsync(program, new JsonObject { ["account"] = new string('x', 6_000_000) }).ConfigureAwait(false);
            await OursAsync(orchestrator, program, clients, slice).ConfigureAwait(false);
            raw.Commit(new string('x', 6_000_000));
            raw.Run(slice);
            (double rawRuns, double rawTime, double ours, double oursTime) = (0, 0, 0, 0);
            long before = journal.Commits;
            for (int i = 0; i < Slices; i++)
            {
                (int count, double time) = raw.Run(slice);
                (rawRuns, rawTime) = (rawRuns + ((double)count / commits), rawTime + time);
                (count, time) = await OursAsync(orchestrator, program, clients, slice).ConfigureAwait(false);
                (ours, oursTime) = (ours + count, oursTime + time);
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {commits - 1} | {clients} | {rawRuns / rawTime:F0} | {ours / oursTime:F0} | {ours / oursTime / (rawRuns / rawTime):P0} | {(journal.Commits - before) / ours:F2} |"));
        }
    }

    private static async Task<(int Runs, double Seconds)> OursAsync(StepsOrchestrator orchestrator, string program, int clients, double seconds)
    {
        int runs = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                await orchestrator.RunAsync(program, new JsonObject { ["account"] = "alice" }).ConfigureAwait(false);
                Interlocked.Increment(ref runs);
            }
        }))).ConfigureAwait(false);
        return (runs, watch.Elapsed.TotalSeconds);
    }

    private static string Fresh(string folder, string name)
    {
        foreach (string suffix in (ReadOnlySpan<string>)["", "-wal", "-shm", "-claim"])
        {
            File.Delete(Path.Combine(folder, name + suffix));
        }

        return Path.Combine(folder, name);
    }

    /// <summary>One row of an event's size a commit.</summary>
    private sealed class RawSqlite : IDisposable
    {
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
            string text = new('x', 200);
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
}
