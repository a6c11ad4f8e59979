using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>What the server's files say once it has stopped, held to what its clients were told.</summary>
internal static class Ledger
{
    private const long AllMoney = 3_000_000;

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

    private static long Number(SqliteConnection connection, string sql, string? run = null)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$run", run ?? "");
        return (long)command.ExecuteScalar()!;
    }
}
