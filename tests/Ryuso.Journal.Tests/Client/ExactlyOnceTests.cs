using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Journal.Tests.Files;
using Ryuso.Journal.Tests.Processes;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Client;

/// <summary>With a journal behind the server, a call of the client has its effect once, whatever happens to the connection or to the server.</summary>
public sealed class ExactlyOnceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_byte_the_connection_is_cut_at_the_run_happens_once_and_its_outputs_arrive(bool cutsAnswers)
    {
        var effects = new ConcurrentDictionary<string, int>();
        SpecOrchestrator orchestrator = Counting(effects);
        var options = new RyusoServerOptions { Port = 0, Journal = new KnownJournal(), LoggerFactory = NullLoggerFactory.Instance };
        await using var server = new RyusoServer(orchestrator, options);
        await server.StartAsync(Cancel);
        int point = 0;
        for (bool hasCut = true; hasCut; point++)
        {
            await using var proxy = new CuttingProxy(server.EndPoint, cutsAnswers, point);
            await using RyusoClient client = Connect(proxy.Port);
            string runId = $"{cutsAnswers} {point}";
            Assert.NotNull(await client.RunAsync("one", new JsonObject { ["x"] = 5 }, new CallOptions { RunId = runId }, Cancel));
            Assert.Equal(1, effects[runId]);
            hasCut = proxy.HasCut;
        }

        Assert.True(point > 60, $"only {point} points");
        Assert.Equal(point, effects.Count);
    }

    [Fact]
    public async Task Without_a_journal_a_cut_never_makes_a_run_happen_twice()
    {
        var effects = new ConcurrentDictionary<string, int>();
        await using var server = new RyusoServer(Counting(effects), new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
        await server.StartAsync(Cancel);
        int unknown = 0;
        foreach (bool cutsAnswers in new[] { false, true })
        {
            for (int point = 0; point < 900; point += 3)
            {
                await using var proxy = new CuttingProxy(server.EndPoint, cutsAnswers, point);
                await using RyusoClient client = Connect(proxy.Port);
                string runId = $"{cutsAnswers} {point}";
                try
                {
                    await client.RunAsync("one", new JsonObject { ["x"] = 5 }, new CallOptions { RunId = runId }, Cancel);
                    Assert.Equal(1, effects[runId]);
                }
                catch (OutcomeUnknownException exception)
                {
                    Assert.Equal(runId, exception.RunId);
                    unknown++;
                }
            }
        }

        Assert.InRange(unknown, 20, 200);
        Assert.All(effects, effect => Assert.Equal(1, effect.Value));
    }

    /// <summary>10 kills; 300 with <c>RYUSO_LONG_TESTS=1</c>.</summary>
    [Fact]
    public async Task A_server_that_is_killed_again_and_again_gives_one_client_each_answer_and_does_each_thing_once()
    {
        using var folder = TemporaryFolder.InMemory();
        var random = new Random(20260202);
        var answers = new ConcurrentDictionary<string, JsonObject>();
        int kills = LongForm.IsOn ? 300 : 10;
        int port = 0;
        bool isLeaving = false;
        RyusoClient? client = null;
        Task[] callers = [];
        for (int life = 0; life <= kills; life++)
        {
            // Half the lives end in the midst of many answers, half at a point of their own, which may be in recovery.
            int failAt = life < kills && random.Next(2) == 0 ? random.Next(1, 80) : 0;
            await using CrashServer server = await CrashServer.StartAsync(folder.FullPath, failAt, port: port);
            port = port == 0 ? server.Port : port;
            client ??= Connect(port);
            callers = callers.Length > 0 ? callers : [.. Enumerable.Range(0, 4).Select(seed => Task.Run(() => CallAsync(client, new Random(seed), answers, () => Volatile.Read(ref isLeaving)), Cancel))];
            if (life == kills)
            {
                Volatile.Write(ref isLeaving, true);
                await Task.WhenAll(callers);
            }
            else if (failAt == 0)
            {
                int enough = answers.Count + random.Next(1, 60);
                while (answers.Count < enough && !callers.Any(c => c.IsFaulted))
                {
                    await Task.Yield();
                }

                await server.KillAsync();
            }

            if (life < kills)
            {
                await server.EndedAsync();
            }
        }

        await client!.DisposeAsync();
        Assert.True(answers.Count > kills, $"only {answers.Count} answers");
        await Ledger.CheckAsync(folder.FullPath, answers);
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {answers.Count} runs answered, {answers.Values.Count(a => a["_program_fail"] is not null)} of them failed");
    }

    private static async Task CallAsync(RyusoClient client, Random dice, ConcurrentDictionary<string, JsonObject> answers, Func<bool> isLeaving)
    {
        while (!isLeaving())
        {
            string runId = Guid.CreateVersion7().ToString();
            var pool = new JsonObject { ["from"] = "ann", ["to"] = "bob", ["amount"] = dice.Next(1, 50) };
            var options = new CallOptions { RunId = runId, Metadata = new JsonObject { ["down"] = dice.Next(3) == 0 } };
            try
            {
                answers[runId] = await client.RunAsync(dice.Next(4) == 0 ? "withdraw" : "transfer", pool, options, Cancel);
            }
            catch (ProgramFailedException failed)
            {
                answers[runId] = failed.Answer;
            }
        }
    }

    private static SpecOrchestrator Counting(ConcurrentDictionary<string, int> effects) => new(TestSpec.Steps, (name, _, context) =>
    {
        if (name == "a")
        {
            effects.AddOrUpdate(context.RunId, 1, (_, before) => before + 1);
        }

        return new ValueTask<HookResult>(HookResult.Ok);
    });

    private static RyusoClient Connect(int port) => new(
        IPAddress.Loopback.ToString(),
        port,
        new RyusoClientOptions { InitialRetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(200), RetryLimit = TimeSpan.FromMinutes(2) });

    /// <summary>One that a client knows again.</summary>
    private sealed class KnownJournal() : MemoryJournal(new Disk([]), new Crash()), IJournal
    {
        string? IJournal.Id => "known";
    }
}
