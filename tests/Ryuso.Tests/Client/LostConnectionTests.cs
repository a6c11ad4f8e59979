using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ryuso.Client;
using Ryuso.Tests.Server;

namespace Ryuso.Tests.Client;

/// <summary>Connections that cannot be made or are lost, and what becomes of the calls.</summary>
public sealed class LostConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("one", "one", true)]
    [InlineData("one", "other", false)]
    [InlineData("one", null, false)]
    [InlineData(null, "one", false)]
    [InlineData(null, null, false)]
    public async Task Run_whose_answer_was_lost_is_repeated_only_against_the_same_journal(string? before, string? after, bool isAskedAgain)
    {
        var runs = new ConcurrentQueue<string>();
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync(connection.Number == 1 ? before : after);
            JsonObject request = await connection.ReadAsync();
            runs.Enqueue(request.ToJsonString());
            if (connection.Number > 1)
            {
                await connection.SendAsync(FakeConnection.Echo(request));
                await connection.EchoAsync();
            }
        });
        await using RyusoClient client = server.Connect();
        Task<JsonObject> asked = client.RunAsync("echo", Text("a"), new CallOptions { RunId = "mine" }, Cancel);
        if (isAskedAgain)
        {
            Assert.Equal("a", (string?)(await asked)["text"]);
            Assert.Equal(2, runs.Count);
            Assert.Single(runs.Distinct());
        }
        else
        {
            OutcomeUnknownException unknown = await Assert.ThrowsAsync<OutcomeUnknownException>(() => asked);
            Assert.Equal("mine", unknown.RunId);
            Assert.Contains("asking again could run it twice", unknown.Message, StringComparison.Ordinal);
            Assert.Single(runs);
        }
    }

    [Fact]
    public async Task Ping_and_describe_are_repeated_after_a_lost_connection()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            JsonObject request = await connection.ReadAsync();
            if (connection.Number == 3)
            {
                await connection.SendAsync($$"""{"_id":{{request["id"]}},"_pong":true}""" + "\n");
                await connection.EchoAsync();
            }
        });
        await using RyusoClient client = server.Connect();
        await client.PingAsync(Cancel);
        Assert.Equal(3, server.Accepted);
    }

    [Fact]
    public async Task Requests_that_were_never_written_are_sent_on_the_next_connection()
    {
        // The first request fills every buffer on the way, so that those behind it stay with the client until the cut.
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            if (connection.Number == 1)
            {
                await connection.HearAsync();
                heard.SetResult();
                await cut.Task;
                connection.Reset();
            }
            else
            {
                await connection.EchoAsync();
            }
        });
        await using RyusoClient client = server.Connect();
        Task<JsonObject> huge = client.RunAsync("echo", Text(new string('x', 14_000_000)), cancellationToken: Cancel);
        await heard.Task.WaitAsync(Cancel);
        Task<JsonObject>[] behind = [.. Enumerable.Range(0, 10).Select(i => client.RunAsync("echo", Text($"{i}"), cancellationToken: Cancel))];
        cut.SetResult();
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => huge);
        for (int i = 0; i < behind.Length; i++)
        {
            Assert.Equal($"{i}", (string?)(await behind[i])["text"]);
        }
    }

    [Fact]
    public async Task Server_that_answers_and_closes_does_no_harm()
    {
        int ended = 0;
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            await connection.SendAsync(FakeConnection.Echo(await connection.ReadAsync()));
            connection.Finish();

            // The client answers the end with its own.
            await Assert.ThrowsAsync<IOException>(connection.ReadAsync);
            Interlocked.Increment(ref ended);
        });
        var log = new TestLog();
        await using RyusoClient client = server.Connect(o => o.Logger = log);
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal($"{i}", (string?)(await client.RunAsync("echo", Text($"{i}"), cancellationToken: Cancel))["text"]);
            await Until.TrueAsync(() => log.Text.Split("was lost: The server closed the connection.").Length > i);
        }

        await Until.TrueAsync(() => Volatile.Read(ref ended) == 5);
        Assert.Equal(5, server.Accepted);
    }

    [Fact]
    public async Task Server_restarted_on_its_port_is_found_again()
    {
        int port = 0;
        RyusoClient? client = null;
        for (int life = 0; life < 3; life++)
        {
            await using var server = new RyusoServer(new TestOrchestrator(), new RyusoServerOptions { Port = port, LoggerFactory = NullLoggerFactory.Instance });
            await server.StartAsync(Cancel);
            port = server.EndPoint.Port;
            client ??= new RyusoClient("127.0.0.1", port);
            Assert.Equal($"{life}", (string?)(await AskUntilKnownAsync(client, $"{life}"))["text"]);
        }

        await client!.DisposeAsync();
    }

    [Fact]
    public async Task Call_waits_for_a_server_that_starts_later()
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        var log = new TestLog();
        await using var client = new RyusoClient("127.0.0.1", port, new RyusoClientOptions { Logger = log, MaxRetryDelay = TimeSpan.FromMilliseconds(100) });
        Task<JsonObject>[] asked = [.. Enumerable.Range(0, 50).Select(i => client.RunAsync("echo", Text($"{i}"), cancellationToken: Cancel))];
        await Until.TrueAsync(() => log.Text.Split("Connecting to").Length >= 4);

        reserved.Dispose();
        await using var server = new RyusoServer(new TestOrchestrator(), new RyusoServerOptions { Port = port, LoggerFactory = NullLoggerFactory.Instance });
        await server.StartAsync(Cancel);
        for (int i = 0; i < asked.Length; i++)
        {
            Assert.Equal($"{i}", (string?)(await asked[i])["text"]);
        }
    }

    [Fact]
    public async Task Call_without_a_deadline_gives_up_after_the_retry_limit()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Equal(TimeSpan.FromSeconds(30), new RyusoClientOptions().RetryLimit);
        var options = new RyusoClientOptions { RetryLimit = TimeSpan.FromMilliseconds(300) };
        await using var client = new RyusoClient("127.0.0.1", ((IPEndPoint)nobody.LocalEndPoint!).Port, options);
        long began = Stopwatch.GetTimestamp();
        Exception? reason = (await Assert.ThrowsAsync<ServerUnreachableException>(() => client.PingAsync(Cancel))).InnerException;
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(reason).SocketErrorCode);
        Assert.True(Stopwatch.GetElapsedTime(began) >= options.RetryLimit);
    }

    [Fact]
    public void Delays_between_attempts_double_to_the_maximum_with_jitter()
    {
        int[] Waits(double chance)
        {
            var backoff = new Backoff(new RyusoClientOptions { Jitter = () => chance });
            return [.. Enumerable.Range(0, 10).Select(_ => (int)backoff.Next().TotalMilliseconds)];
        }

        Assert.Equal([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000], Waits(chance: 1));
        Assert.Equal([25, 50, 100, 200, 400, 800, 1600, 2500, 2500, 2500], Waits(chance: 0));
    }

    [Fact]
    public async Task Retry_limit_of_zero_reports_the_first_refusal()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var log = new TestLog();
        await using var client = new RyusoClient("127.0.0.1", ((IPEndPoint)nobody.LocalEndPoint!).Port, new RyusoClientOptions { RetryLimit = TimeSpan.Zero, Logger = log });
        await Assert.ThrowsAsync<ServerUnreachableException>(() => client.PingAsync(Cancel));
        Assert.Equal(2, log.Text.Split("Connecting to").Length);
    }

    [Fact]
    public void Address_that_no_socket_takes_is_refused_by_the_constructor() =>
        Assert.Contains("107 bytes", Assert.Throws<FormatException>(() => new RyusoClient("unix:/" + new string('x', 300))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Unreachable_server_is_reported_by_each_call()
    {
        await using var client = new RyusoClient("unix:/nowhere/" + Guid.NewGuid(), new RyusoClientOptions { RetryLimit = TimeSpan.Zero });
        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<ServerUnreachableException>(() => client.PingAsync(Cancel));
        }
    }

    [Fact]
    public async Task Connections_that_die_right_after_their_handshake_come_with_growing_delays()
    {
        await using FakeServer server = FakeServer.Start(connection => connection.LetInAsync("j"));
        await using RyusoClient client = server.Connect(o =>
        {
            o.InitialRetryDelay = TimeSpan.FromMilliseconds(20);
            o.MaxRetryDelay = TimeSpan.FromSeconds(10);
            o.RetryLimit = TimeSpan.FromMilliseconds(500);
        });
        await Assert.ThrowsAnyAsync<IOException>(() => client.PingAsync(Cancel));

        // 10, 20, 40, 80, 160, 320 ms at least: without a delay there were hundreds.
        Assert.InRange(server.Accepted, 2, 8);
    }

    [Fact]
    public async Task Retired_connection_closes_with_its_last_answer()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            if (connection.Number > 1)
            {
                await connection.EchoAsync();
            }

            JsonObject first = await connection.ReadAsync();
            JsonObject second = await connection.ReadAsync();
            await connection.SendAsync(RejectedCallTests.Rejected(first, "shutting_down"));
            await answers.Task;
            await connection.SendAsync(FakeConnection.Echo(second));
            await Assert.ThrowsAsync<IOException>(connection.ReadAsync);
            closed.SetResult();
        });
        await using RyusoClient client = server.Connect();
        Task<JsonObject> rejected = client.RunAsync("echo", Text("rejected"), cancellationToken: Cancel);
        Task<JsonObject> waiting = client.RunAsync("echo", Text("waiting"), cancellationToken: Cancel);
        Assert.Equal("rejected", (string?)(await rejected)["text"]);
        Assert.False(waiting.IsCompleted);
        answers.SetResult();
        Assert.Equal("waiting", (string?)(await waiting)["text"]);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_waits_for_a_connection()
    {
        await using FakeServer server = FakeServer.Start(connection => Task.Delay(Timeout.Infinite, connection.Closing));
        await using RyusoClient client = server.Connect();
        using var deadline = new CancellationTokenSource();
        Task ping = client.PingAsync(deadline.Token);
        await Until.TrueAsync(() => server.Accepted > 0);

        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping);
    }

    [Fact]
    public async Task Server_that_accepts_and_says_nothing_is_given_up()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            if (connection.Number == 1)
            {
                await Task.Delay(Timeout.Infinite, connection.Closing);
            }

            await connection.LetInAsync();
            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect(o => o.ConnectTimeout = TimeSpan.FromMilliseconds(500));
        Assert.Equal("a", (string?)(await client.RunAsync("echo", Text("a"), cancellationToken: Cancel))["text"]);
        Assert.Equal(2, server.Accepted);
    }

    [Fact]
    public async Task Connection_silent_under_a_cancelled_request_is_not_used_again()
    {
        int received = 0;
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            while (connection.Number == 1)
            {
                await connection.ReadAsync();
                Interlocked.Increment(ref received);
            }

            await connection.EchoAsync();
        });
        var time = new FakeTimeProvider();
        await using RyusoClient client = server.Connect(o => o.TimeProvider = time);
        foreach (int seconds in new[] { 29, 31 })
        {
            using var impatient = new CancellationTokenSource();
            Task<JsonObject> asked = client.RunAsync("echo", cancellationToken: impatient.Token);
            await Until.TrueAsync(() => Volatile.Read(ref received) >= (seconds == 29 ? 1 : 2));

            time.Advance(TimeSpan.FromSeconds(seconds));
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }

        Task<JsonObject> anew = client.RunAsync("echo", Text("a"), cancellationToken: Cancel);
        Assert.Equal("a", (string?)(await anew.WaitAsync(TimeSpan.FromSeconds(30), Cancel))["text"]);
        Assert.Equal(2, server.Accepted);
    }

    /// <summary>A request may meet the end of the server before: then nobody knows, and it is asked anew.</summary>
    private static async Task<JsonObject> AskUntilKnownAsync(RyusoClient client, string text)
    {
        while (true)
        {
            try
            {
                return await client.RunAsync("echo", Text(text), cancellationToken: Cancel);
            }
            catch (OutcomeUnknownException)
            {
            }
        }
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };
}
