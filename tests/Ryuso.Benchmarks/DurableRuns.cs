using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Sqlite;
using Steps;

namespace Ryuso.Benchmarks;

/// <summary>Durable runs per second beside as many commits of raw SQLite, by turns on the same disk: <c>dotnet run -c Release -- durable [seconds a row] [folder]</c>.</summary>
internal static class DurableRuns
{
    private const double Slice = 0.05;

    private static readonly (string Program, int Commits)[] s_programs = [("none", 1), ("one", 2), ("three", 4)];

    public static async Task RunAsync(double seconds, string folder)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine($$"""
            raw: one thread with one connection (WAL, synchronous=FULL), and for each commit that a run of a lone client needs
            BEGIN IMMEDIATE, one INSERT of a row of {{RawSqlite.RowLength}} characters into a table without an index, COMMIT.
            Ryuso: the clients hand in request bytes and get answer bytes; the journal is opened with its defaults.
            Slices of {{Slice * 1000:F0}} ms by turns. Figures are medians over the slices, and for the best tenth of each, which what else
            the machine does disturbs least. Written: what the process hands to the system, the copying of checkpoints included.

            | reversible steps | clients | raw, runs/s | Ryuso, runs/s | of raw | at best, raw | Ryuso | of raw | commits a run | written a run, raw | Ryuso | allocated a run |
            |---|---|---|---|---|---|---|---|---|---|---|---|
            """);
        foreach ((string program, int commits) in s_programs)
        {
            foreach (int clients in (int[])[1, 64])
            {
                await CompareAsync(folder, program, commits, clients, (int)Math.Ceiling(seconds / Slice / 2)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>By turns, in short slices: what else the machine does meets both.</summary>
    private static async Task CompareAsync(string folder, string program, int commits, int clients, int slices)
    {
        using var raw = new RawSqlite(Fresh(folder, "raw.db"));
        var journal = new SqliteJournal(Fresh(folder, "ours.db"));
        await using (journal.ConfigureAwait(false))
        {
            var orchestrator = new StepsOrchestrator();
            await orchestrator.UseJournalAsync(journal).ConfigureAwait(false);

            // Both write-ahead logs first grow to the size at which they are used again from their beginning: growing costs more.
            await orchestrator.RunAsync(program, new JsonObject { ["account"] = new string('x', 18_000_000) }).ConfigureAwait(false);
            raw.Commit(new string('x', 18_000_000));
            for (int i = 0; i < 8; i++)
            {
                await OursAsync(orchestrator, program, clients, Slice).ConfigureAwait(false);
                raw.Run(Slice);
            }

            Sum theirs = new(), ours = new();
            long before = journal.Commits;
            for (int i = 0; i < slices; i++)
            {
                theirs.Add(commits, () => Task.FromResult(raw.Run(Slice)));
                ours.Add(1, () => OursAsync(orchestrator, program, clients, Slice));
            }

            double[] shares = [.. ours.Rates.Zip(theirs.Rates, (o, t) => o / t)];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {commits - 1} | {clients} | {Median(theirs.Rates):F0} | {Median(ours.Rates):F0} | {Median(shares):P0} "
                + $"| {Best(theirs.Rates):F0} | {Best(ours.Rates):F0} | {Best(ours.Rates) / Best(theirs.Rates):P0} | {(journal.Commits - before) / ours.Runs:F2} "
                + $"| {theirs.Written / theirs.Runs / 1024:F1} KiB | {ours.Written / ours.Runs / 1024:F1} KiB | {ours.Allocated / ours.Runs / 1024:F1} KiB |"));
        }
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static double Best(IEnumerable<double> values) => values.OrderDescending().ElementAt(values.Count() / 10);

    /// <summary>What the slices of one contender gave.</summary>
    private sealed class Sum
    {
        public List<double> Rates { get; } = [];

        public double Runs { get; private set; }

        public double Written { get; private set; }

        public double Allocated { get; private set; }

        public void Add(int commits, Func<Task<(int Count, double Seconds)>> slice)
        {
            long written = WrittenSoFar(), allocated = GC.GetTotalAllocatedBytes();
            (int count, double seconds) = slice().GetAwaiter().GetResult();
            Rates.Add((double)count / commits / seconds);
            Runs += (double)count / commits;
            Written += WrittenSoFar() - written;
            Allocated += GC.GetTotalAllocatedBytes() - allocated;
        }

        private static long WrittenSoFar() => !File.Exists("/proc/self/io") ? 0 : long.Parse(
            File.ReadLines("/proc/self/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal))["wchar:".Length..], CultureInfo.InvariantCulture);
    }

    private static async Task<(int Runs, double Seconds)> OursAsync(StepsOrchestrator orchestrator, string program, int clients, double seconds)
    {
        int runs = 0;
        byte[] request = Encoding.UTF8.GetBytes($$$"""{"program":"{{{program}}}","data_pool":{"account":"alice"}}""");
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            var answer = new ArrayBufferWriter<byte>(256);
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                answer.ResetWrittenCount();
                await orchestrator.RunRequestAsync(request, answer, CancellationToken.None).ConfigureAwait(false);
                Interlocked.Increment(ref runs);
            }
        }))).ConfigureAwait(false);
        return (runs, watch.Elapsed.TotalSeconds);
    }

    /// <summary>A path at which no database is.</summary>
    public static string Fresh(string folder, string name)
    {
        foreach (string suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            File.Delete(Path.Combine(folder, name + suffix));
        }

        return Path.Combine(folder, name);
    }
}
