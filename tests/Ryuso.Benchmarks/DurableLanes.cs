using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Sqlite;

namespace Ryuso.Benchmarks;

/// <summary>
/// Durable runs per second by the number of keys, beside one lane and raw SQLite, by turns on the same disk:
/// <c>dotnet run -c Release -- durable-lanes [seconds a row] [folder]</c>.
/// </summary>
internal static class DurableLanes
{
    private const double Slice = 0.1;

    public static async Task RunAsync(double seconds, string folder)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("""
            Each client has a key of its own and hands in its next request when it has its answer. One lane: the same programs without
            keys, one client. Raw: commits of one row by one thread. Medians over slices by turns.

            | reversible steps | keys | one lane, runs/s | keyed, runs/s | of one lane | raw, commits/s | commits a run | written a commit |
            |---|---|---|---|---|---|---|---|
            """);
        foreach (string program in (string[])["none", "one", "three"])
        {
            foreach (int keys in (int[])[1, 8, 64, 512])
            {
                await CompareAsync(folder, program, keys, (int)Math.Ceiling(seconds / Slice / 3)).ConfigureAwait(false);
            }
        }
    }

    private static async Task CompareAsync(string folder, string program, int keys, int slices)
    {
        using var raw = new RawSqlite(DurableRuns.Fresh(folder, "raw.db"));
        var oneJournal = new SqliteJournal(DurableRuns.Fresh(folder, "one.db"));
        var keyedJournal = new SqliteJournal(DurableRuns.Fresh(folder, "keyed.db"));
        await using (oneJournal.ConfigureAwait(false))
        await using (keyedJournal.ConfigureAwait(false))
        {
            var one = new Steps.StepsOrchestrator();
            var keyed = new KeyedSteps.KeyedStepsOrchestrator();
            keyed.UseRunLimits(new RunLimits { MaxParallelRuns = 1024 });
            await one.UseJournalAsync(oneJournal).ConfigureAwait(false);
            await keyed.UseJournalAsync(keyedJournal).ConfigureAwait(false);
            foreach (Orchestrator orchestrator in (Orchestrator[])[one, keyed])
            {
                // The write-ahead log first grows to the size at which it is used again from its beginning.
                await orchestrator.UseLargePoolAsync(program).ConfigureAwait(false);
            }

            raw.Commit(new string('x', 18_000_000));
            List<double> ones = [], keyeds = [], raws = [];
            double runs = 0;
            long commits = 0, written = 0;
            for (int i = -3; i < slices; i++)
            {
                (int rawCount, double rawSeconds) = raw.Run(Slice);
                (int oneCount, double oneSeconds) = await RunAsync(one, program, 1).ConfigureAwait(false);
                (long commitsBefore, long writtenBefore) = (keyedJournal.Commits, WrittenSoFar());
                (int keyedCount, double keyedSeconds) = await RunAsync(keyed, program, keys).ConfigureAwait(false);
                if (i >= 0)
                {
                    raws.Add(rawCount / rawSeconds);
                    ones.Add(oneCount / oneSeconds);
                    keyeds.Add(keyedCount / keyedSeconds);
                    runs += keyedCount;
                    commits += keyedJournal.Commits - commitsBefore;
                    written += WrittenSoFar() - writtenBefore;
                }
            }

            double[] shares = [.. keyeds.Zip(ones, (k, o) => k / o)];
            string steps = program switch { "none" => "0", "one" => "1", _ => "3" };
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {steps} | {keys} | {Median(ones):F0} | {Median(keyeds):F0} | {Median(shares):F2} | {Median(raws):F0} | {commits / runs:F2} | {written / 1024.0 / commits:F1} KiB |"));
        }
    }

    private static async Task<(int Runs, double Seconds)> RunAsync(Orchestrator orchestrator, string program, int clients)
    {
        int runs = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            byte[] request = Encoding.UTF8.GetBytes($$$"""{"program":"{{{program}}}","data_pool":{"account":"a{{{client}}}"}}""");
            var answer = new ArrayBufferWriter<byte>(256);
            while (watch.Elapsed.TotalSeconds < Slice)
            {
                answer.ResetWrittenCount();
                await orchestrator.RunRequestAsync(request, answer, CancellationToken.None).ConfigureAwait(false);
                Interlocked.Increment(ref runs);
            }
        }))).ConfigureAwait(false);
        return (runs, watch.Elapsed.TotalSeconds);
    }

    private static Task<ProgramResult> UseLargePoolAsync(this Orchestrator orchestrator, string program) =>
        orchestrator.RunAsync(program, new JsonObject { ["account"] = "a", ["note"] = new string('x', 18_000_000) });

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static long WrittenSoFar() => !File.Exists("/proc/self/io") ? 0 : long.Parse(
        File.ReadLines("/proc/self/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal))["wchar:".Length..], CultureInfo.InvariantCulture);
}
