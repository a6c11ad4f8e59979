using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>What the server's files say once it has stopped, held to what its clients were told.</summary>
internal static class Ledger
{
    // Seven accounts.
    private const long AllMoney = 7_000_000;

    /// <param name="folder">The server's folder.</param>
    /// <param name="answers">What clients got, by run id.</param>
    public static async Task CheckAsync(string folder, IReadOnlyDictionary<string, JsonObject> answers)
    {
        await using var journal = SqliteJournal.ForOperator(Path.Combine(folder, "till.ryuso.db"));
        await journal.OpenAsync(CancellationToken.None);
        Assert.Empty(await journal.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 10 }, CancellationToken.None));
        Assert.Empty(await journal.Runs.ListAsync(new RunQuery(RunStatus.Stuck) { Limit = 10 }, CancellationToken.None));
        using var safe = new SqliteConnection($"Data Source={Path.Combine(folder, "safe.db")};Pooling=False");
        safe.Open();
        Assert.Equal(AllMoney, Number(safe, "SELECT (SELECT sum(balance) FROM accounts) + (SELECT coalesce(sum(amount), 0) FROM payouts WHERE cancelled = 0)"));
        Assert.Equal(0, Number(safe, "SELECT count(*) FROM (SELECT run FROM payouts GROUP BY run HAVING count(*) > 1)"));
        foreach ((string runId, JsonObject answer) in answers)
        {
            JournaledRun? run = await journal.Runs.FindAsync(runId, cancellationToken: CancellationToken.None);
            Assert.NotNull(run);
            Assert.Equal(run.Answer, answer.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            bool succeeded = answer["_program_fail"] is null;
            long effects = Number(safe, "SELECT coalesce(sum(CASE WHEN kind LIKE 'undo%' THEN -1 ELSE 1 END), 0) FROM ledger WHERE run = $run", runId);
            long payouts = Number(safe, "SELECT count(*) FROM payouts WHERE run = $run AND cancelled = 0", runId);
            long expected = !succeeded || run.Accepted.Program == "look" ? 0 : run.Accepted.Program == "transfer" ? 2 : 1;
            Assert.Equal((runId, expected, succeeded && run.Accepted.Program == "withdraw" ? 1 : 0), (runId, effects, payouts));
        }
    }

    /// <summary>Checks that runs which share a key never overlapped, and that the runs of one account have the order in which they were asked for.</summary>
    /// <param name="folder">The server's folder.</param>
    /// <param name="asked">The runs that were asked for one after the other on one connection, for each account that they debit.</param>
    /// <returns>How many runs had effects between two of another run: they went side by side.</returns>
    public static int CheckOrder(string folder, IReadOnlyDictionary<string, IReadOnlyList<(string RunId, string To)>> asked)
    {
        var entries = new List<string>();
        using var safe = new SqliteConnection($"Data Source={Path.Combine(folder, "safe.db")};Pooling=False");
        safe.Open();
        using SqliteCommand command = safe.CreateCommand();
        command.CommandText = "SELECT run FROM ledger ORDER BY rowid";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            entries.Add(reader.GetString(0));
        }

        Dictionary<string, (int First, int Last)> spans = entries.Index().GroupBy(e => e.Item).ToDictionary(run => run.Key, run => (run.First().Index, run.Last().Index));
        Dictionary<string, string[]> keys = asked.SelectMany(a => a.Value.Select(run => (run.RunId, Keys: (string[])[a.Key, run.To]))).ToDictionary(run => run.RunId, run => run.Keys);
        foreach ((string key, (string Run, int First, int Last)[] runs) in spans
            .SelectMany(span => keys[span.Key].Select(key => (Key: key, Run: span.Key, span.Value.First, span.Value.Last)))
            .GroupBy(hold => hold.Key)
            .Select(holds => (holds.Key, holds.OrderBy(h => h.First).Select(h => (h.Run, h.First, h.Last)).ToArray())))
        {
            for (int i = 1; i < runs.Length; i++)
            {
                Assert.True(runs[i].First > runs[i - 1].Last, $"'{runs[i].Run}' and '{runs[i - 1].Run}' held '{key}' at once");
            }
        }

        foreach ((string account, IReadOnlyList<(string RunId, string To)> runs) in asked)
        {
            int[] began = [.. runs.Where(run => spans.ContainsKey(run.RunId)).Select(run => spans[run.RunId].First)];
            Assert.True(began.SequenceEqual(began.Order()), $"the runs of '{account}' were not run in the order in which they were asked for");
        }

        return spans.Values.Count(span => Enumerable.Range(span.First, span.Last - span.First).Any(i => entries[i] != entries[span.First]));
    }

    private static long Number(SqliteConnection connection, string sql, string? run = null)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$run", run ?? "");
        return (long)command.ExecuteScalar()!;
    }
}
