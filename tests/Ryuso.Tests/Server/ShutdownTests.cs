using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Tests.Server;

/// <summary>A real process is stopped under load: every request is answered or told, and nothing has run without an answer.</summary>
public sealed class ShutdownTests
{
    private static readonly int s_shutdowns = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_SHUTDOWNS"), out int n) ? n : 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_under_load_answers_or_rejects_every_request_and_runs_none_unanswered()
    {
        for (int i = 0; i < s_shutdowns; i++)
        {
            using ServerProcessHandle server = await ServerProcessHandle.StartAsync("--port", "0");
            using var starting = new CountdownEvent(9);
            Task<int>[] clients =
            [
                .. Enumerable.Range(0, 6).Select(_ => OnItsOwnThread(() => AskOnceAndAgain(server.EndPoint, starting))),
                .. Enumerable.Range(0, 3).Select(n => OnItsOwnThread(() => Pipeline(server.EndPoint, inFlight: 1 + (n * 8), starting))),
            ];
            starting.Wait(Cancel);

            // Some are served already, and how far the others are is different each time.
            for (int turns = Random.Shared.Next(2000); turns > 0; turns--)
            {
                await Task.Yield();
            }

            server.Terminate();
            int answered = (await Task.WhenAll(clients)).Sum();
            Assert.Equal((0, answered), await server.ExitAsync());
        }
    }

    [Fact]
    public async Task Stop_waits_for_the_run_in_flight_and_a_second_signal_does_not()
    {
        using (ServerProcessHandle patient = await ServerProcessHandle.StartAsync("--port", "0"))
        {
            Task<string> slow = PlainAsync(patient.EndPoint, """{"program":"add","data_pool":{"slow":true}}""");
            await PlainAsync(patient.EndPoint, """{"op":"ping"}""");
            patient.Terminate();
            string answer = await slow;
            (int exitCode, int applied) = await patient.ExitAsync();
            Assert.Equal(0, exitCode);
            Assert.Equal(applied == 1, answer == "{}");
        }

        using ServerProcessHandle hurried = await ServerProcessHandle.StartAsync("--port", "0");
        using var kept = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await kept.ConnectAsync(hurried.EndPoint, Cancel);
        await kept.SendAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(i => $$$"""{"id":{{{i}}},"program":"add","data_pool":{"slow":true}}"""))), Cancel);
        await kept.ReceiveAsync(new byte[1], Cancel);
        hurried.Terminate();

        // Two signals at once may become one: the second is sent when the first has shown.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await PlainAsync(hurried.EndPoint, """{"op":"ping"}""");
            }
        });
        hurried.Terminate();
        Assert.Equal((143, -1), await hurried.ExitAsync());
    }

    [Fact]
    public async Task Stop_that_outlasts_its_limit_ends_the_process_with_1_and_words()
    {
        using ServerProcessHandle server = await ServerProcessHandle.StartAsync("--port", "0", "--shutdown-seconds", "1");
        using var kept = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await kept.ConnectAsync(server.EndPoint, Cancel);
        string requests = string.Concat(Enumerable.Range(0, 500).Select(i => $$$"""{"id":{{{i}}},"program":"add","data_pool":{"slow":true}}"""));
        await kept.SendAsync(Encoding.UTF8.GetBytes(requests), Cancel);
        await kept.ReceiveAsync(new byte[1], Cancel);
        server.Terminate();
        Assert.Equal((1, -1), await server.ExitAsync());
    }

    private static Task<int> OnItsOwnThread(Func<int> client) =>
        Task.Factory.StartNew(client, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static async Task<string> PlainAsync(IPEndPoint server, string request)
    {
        using Socket socket = await PlainClientAsync(server, request);
        byte[] buffer = new byte[4096];
        int count = 0;
        for (int read; (read = await socket.ReceiveAsync(buffer.AsMemory(count), Cancel)) > 0;)
        {
            count += read;
        }

        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static async Task<Socket> PlainClientAsync(IPEndPoint server, string request)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, Cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), Cancel);
        return socket;
    }

    /// <summary>One request a connection until the server stops. How many ran.</summary>
    private static int AskOnceAndAgain(IPEndPoint server, CountdownEvent starting)
    {
        byte[] buffer = new byte[4096];
        for (int ran = 0; ; ran++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(server);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return ran;
            }

            socket.Send("""{"program":"add"}"""u8);
            int count = 0;
            for (int read; (read = socket.Receive(buffer, count, buffer.Length - count, SocketFlags.None)) > 0;)
            {
                count += read;
            }

            string answer = Encoding.UTF8.GetString(buffer, 0, count);
            if (answer != "{}")
            {
                Assert.Contains("shutting_down", answer, StringComparison.Ordinal);
                return ran;
            }

            if (ran == 5)
            {
                starting.Signal();
            }
        }
    }

    /// <summary>So many requests in flight on one connection until the server stops. How many ran.</summary>
    private static int Pipeline(IPEndPoint server, int inFlight, CountdownEvent starting)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server);
        using var reader = new StreamReader(new NetworkStream(socket));
        int sent = 0;
        int ran = 0;
        bool isTold = false;
        for (int answered = 0; ; answered++)
        {
            while (!isTold && sent - answered < inFlight)
            {
                socket.Send(Encoding.UTF8.GetBytes($$"""{"id":{{sent++}},"program":"add"}"""));
            }

            string? answer = reader.ReadLine();
            if (answer is null)
            {
                Assert.Equal(sent, answered);
                return ran;
            }

            Assert.StartsWith($$"""{"_id":{{answered}}""", answer, StringComparison.Ordinal);
            if (answered == 50)
            {
                starting.Signal();
            }

            bool isRefused = answer.Contains("shutting_down", StringComparison.Ordinal);
            isTold |= isRefused;
            ran += isRefused ? 0 : 1;
        }
    }
}
