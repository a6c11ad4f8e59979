using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Tests.Server;

namespace Ryuso.Tests.Client;

/// <summary>Rejections: which are tried again, and which say that nothing ran.</summary>
public sealed class RejectedCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("busy", 1)]
    [InlineData("shutting_down", 2)]
    public async Task Rejection_busy_or_shutting_down_is_retried(string code, int connections)
    {
        int rejected = 0;
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            if (connection.Number == 1)
            {
                while (rejected < (code == "busy" ? 3 : 1))
                {
                    JsonObject request = await connection.ReadAsync();

                    // Before the answer, which the test may see first.
                    rejected++;
                    await connection.SendAsync(Rejected(request, code));
                }
            }

            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect();
        Assert.Equal("a", (string?)(await client.RunAsync("echo", Text("a"), cancellationToken: Cancel))["text"]);
        Assert.Equal(connections, server.Accepted);
        Assert.Equal(code == "busy" ? 3 : 1, rejected);
    }

    [Fact]
    public async Task Rejection_is_reported_at_once_without_retries_and_after_the_limit_with_them()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            while (true)
            {
                await connection.SendAsync(Rejected(await connection.ReadAsync(), "busy"));
            }
        });
        await using (RyusoClient client = server.Connect(o => o.RetryRejected = false))
        {
            Assert.Equal("busy", (await Assert.ThrowsAsync<RequestRejectedException>(() => client.RunAsync("echo", cancellationToken: Cancel))).Code);
        }

        await using (RyusoClient client = server.Connect(o => o.RetryLimit = TimeSpan.FromMilliseconds(200)))
        {
            Assert.Equal("busy", (await Assert.ThrowsAsync<RequestRejectedException>(() => client.RunAsync("echo", cancellationToken: Cancel))).Code);
        }
    }

    [Theory]
    [InlineData("internal", false)]
    [InlineData("busy", false)]
    [InlineData("unauthorized", false)]
    [InlineData("unknown_program", true)]
    [InlineData("invalid_arguments", true)]
    public async Task After_a_lost_answer_only_a_rejection_from_the_journal_means_that_nothing_ran(string code, bool isFinal)
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync("journal");
            JsonObject request = await connection.ReadAsync();
            while (connection.Number > 1)
            {
                await connection.SendAsync(Rejected(request, code));
                request = await connection.ReadAsync();
            }
        });
        await using RyusoClient client = server.Connect(o => o.RetryLimit = TimeSpan.FromMilliseconds(300));
        Exception told = await Assert.ThrowsAnyAsync<Exception>(() => client.RunAsync("echo", cancellationToken: Cancel));
        RequestRejectedException rejected = Assert.IsType<RequestRejectedException>(isFinal ? told : Assert.IsType<OutcomeUnknownException>(told).InnerException);
        Assert.Equal(code, rejected.Code);
    }

    [Fact]
    public async Task Internal_error_leaves_the_outcome_unknown()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            await connection.SendAsync(Rejected(await connection.ReadAsync(), "internal"));
        });
        await using RyusoClient client = server.Connect();
        Assert.Equal("mine", (await Assert.ThrowsAsync<OutcomeUnknownException>(() => client.RunAsync("echo", null, new CallOptions { RunId = "mine" }, Cancel))).RunId);
    }

    [Fact]
    public async Task Client_rejected_by_a_full_server_comes_back()
    {
        var options = new RyusoServerOptions { Port = 0, MaxConnections = 1, LoggerFactory = NullLoggerFactory.Instance };
        await using var server = new RyusoServer(new TestOrchestrator(), options);
        await server.StartAsync(Cancel);
        var first = new RyusoClient("127.0.0.1", server.EndPoint.Port);
        await first.PingAsync(Cancel);
        var log = new TestLog();
        await using var second = new RyusoClient("127.0.0.1", server.EndPoint.Port, new RyusoClientOptions { Logger = log, MaxRetryDelay = TimeSpan.FromMilliseconds(100) });
        Task ping = second.PingAsync(Cancel);
        await Until.TrueAsync(() => log.Text.Contains("Connection limit reached", StringComparison.Ordinal));

        await first.DisposeAsync();
        await ping;
    }

    public static string Rejected(JsonObject request, string code) =>
        $$"""{"_id":{{request["id"]}},"_server_error":"Words.","_error_code":"{{code}}","_program_fail":true}""" + "\n";

    private static JsonObject Text(string text) => new() { ["text"] = text };
}
