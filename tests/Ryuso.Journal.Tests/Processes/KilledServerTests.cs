using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>A real server, really killed.</summary>
public sealed class KilledServerTests
{
    /// <summary>Each life recovers the run in which the one before ended, answers its client, and ends in the next run, one point further on.</summary>
    [Theory]
    [InlineData("look", false)]
    [InlineData("transfer", false)]
    [InlineData("transfer", true)]
    [InlineData("withdraw", false)]
    [InlineData("withdraw", true)]
    public async Task Killed_at_any_point_the_server_recovers_and_a_client_that_asks_again_gets_the_one_outcome(string program, bool notifierDown)
    {
        using var folder = TemporaryFolder.InMemory();
        var answers = new Dictionary<string, JsonObject>();
        string? unanswered = null;
        int point = 0;
        do
        {
            string runId = $"run-{++point}";
            await using CrashServer server = await CrashServer.StartAsync(folder.FullPath, failAt: point, failRun: runId);
            if (unanswered is not null)
            {
                JsonObject? late = await server.AskAsync(Request(program, unanswered, amount: 70, notifierDown));
                Assert.NotNull(late);
                answers[unanswered] = late;
            }

            JsonObject? answer = await server.AskAsync(Request(program, runId, amount: 70, notifierDown));
            unanswered = answer is null ? runId : null;
            if (answer is not null)
            {
                answers[runId] = answer;
            }
        }
        while (unanswered is not null);
        Assert.True(point > (program == "look" ? 4 : 15), $"only {point} points");
        await Ledger.CheckAsync(folder.FullPath, answers);
        TestContext.Current.TestOutputHelper!.WriteLine($"killed at {point - 1} points");
    }

    /// <summary>30 kills; 500 with <c>RYUSO_LONG_TESTS=1</c>.</summary>
    [Fact]
    public async Task Killed_at_random_times_the_server_loses_no_money_and_no_run()
    {
        using var folder = TemporaryFolder.InMemory();
        var random = new Random(20260101);
        var crowd = new Crowd(clients: 4);
        int kills = LongForm.IsOn ? 500 : 30;
        for (int kill = 0; kill < kills; kill++)
        {
            // Half the lives end in the midst of many answers, half at a point of their own, which may be in recovery.
            int failAt = random.Next(2) == 0 ? random.Next(1, 80) : 0;
            await using CrashServer server = await CrashServer.StartAsync(folder.FullPath, failAt);
            crowd.Meet(server.Port);
            if (failAt == 0)
            {
                await crowd.AnsweredAsync(random.Next(1, 60));
                await server.KillAsync();
            }

            await server.EndedAsync();
        }

        await using (CrashServer last = await CrashServer.StartAsync(folder.FullPath))
        {
            crowd.Meet(last.Port);
            await crowd.LeaveAsync();
        }

        Assert.True(crowd.Answers.Count > kills, $"only {crowd.Answers.Count} answers");
        await Ledger.CheckAsync(folder.FullPath, crowd.Answers);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{kills} kills, {crowd.Answers.Count} runs answered, {crowd.Answers.Values.Count(a => a["_program_fail"] is not null)} of them failed, {crowd.Repeated} requests repeated");
    }

    /// <summary>15 kills; 500 with <c>RYUSO_LONG_TESTS=1</c>.</summary>
    [Fact]
    public async Task Killed_at_random_times_a_server_with_keys_loses_no_money_no_run_and_no_order()
    {
        using var folder = TemporaryFolder.InMemory();
        var random = new Random(20260102);
        var crowd = new KeyedCrowd(clients: 4);
        int kills = LongForm.IsOn ? 500 : 15;
        for (int kill = 0; kill < kills; kill++)
        {
            // Every other life ends in the midst of many answers, the others at a point of their own, which may be in recovery. Three ends of a
            // process during one step would make its run stuck: so every other life settles all that is unfinished before it is killed.
            int failAt = kill % 2 == 0 ? random.Next(1, 80) : 0;
            await using CrashServer server = await CrashServer.StartAsync(folder.FullPath, failAt, isKeyed: true);
            crowd.Meet(server.Port);
            if (failAt == 0)
            {
                await crowd.SettledAsync();
                await crowd.AnsweredAsync(random.Next(1, 60));
                await server.KillAsync();
            }

            await server.EndedAsync();
        }

        await using (CrashServer last = await CrashServer.StartAsync(folder.FullPath, isKeyed: true))
        {
            crowd.Meet(last.Port);
            await crowd.LeaveAsync();
        }

        Assert.True(crowd.Answers.Count > kills, $"only {crowd.Answers.Count} answers");
        await Ledger.CheckAsync(folder.FullPath, crowd.Answers);
        int sideBySide = Ledger.CheckOrder(folder.FullPath, crowd.Asked);
        Assert.True(sideBySide > kills, $"only {sideBySide} runs went beside another");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{kills} kills, {crowd.Answers.Count} runs answered, {crowd.Answers.Values.Count(a => a["_program_fail"] is not null)} of them failed, "
            + $"{sideBySide} beside another, {crowd.Repeated} requests repeated");
    }

    internal static JsonObject Request(string program, string runId, int amount, bool notifierDown) => new()
    {
        ["program"] = program,
        ["run_id"] = runId,
        ["data_pool"] = new JsonObject { ["from"] = "ann", ["to"] = "bob", ["amount"] = amount },
        ["metadata"] = new JsonObject { ["down"] = notifierDown },
    };
}
