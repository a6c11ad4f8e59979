using System.Diagnostics;
using System.Net.Sockets;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>Which thread does what, and that none is held for others' sake.</summary>
public sealed class EventLoopTests : ServedTests
{
    private const string Echo = """{"id":1,"program":"echo"}""";

    private readonly List<bool> _onPool = [];

    [EventLoopFact]
    public async Task Fast_program_runs_on_the_event_loop_and_one_that_was_slow_twice_does_not()
    {
        bool isSlow = false;
        Orchestrator.EchoAsync = _ =>
        {
            _onPool.Add(Thread.CurrentThread.IsThreadPoolThread);
            for (long began = Stopwatch.GetTimestamp(); isSlow && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(1);)
            {
                Thread.SpinWait(100);
            }

            return Task.CompletedTask;
        };
        await StartAsync();
        using Socket kept = await ConnectAsync();
        await AskAsync(kept, times: 50);
        Assert.True(_onPool[0], "Nobody knew yet how long it takes.");
        Assert.Contains(false, _onPool);

        isSlow = true;
        await AskAsync(kept, times: 3);
        _onPool.Clear();
        await AskAsync(kept, times: 5);
        Assert.DoesNotContain(false, _onPool);
    }

    [Fact]
    public async Task Client_polled_together_with_one_whose_hook_blocks_is_answered_meanwhile()
    {
        await StartAsync();
        using Socket blocked = await ConnectAsync();
        Socket[] others = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => ConnectAsync()));
        await AskAsync(blocked, times: 20);
        using var block = new ManualResetEventSlim();
        Task entered = Orchestrator.BlockEcho(block);
        for (int i = 0; i < others.Length; i++)
        {
            await others[i].SendAsync("""{"id":2,"op":"ping"}"""u8.ToArray(), Cancel);
            if (i == 3)
            {
                await blocked.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo), Cancel);
            }
        }

        await entered.WaitAsync(Cancel);
        foreach (Socket other in others)
        {
            Assert.Equal(["""{"_id":2,"_pong":true}"""], await ReadLinesAsync(other, 1));
            await other.SendAsync("""{"id":3,"op":"ping"}"""u8.ToArray(), Cancel);
        }

        foreach (Socket other in others)
        {
            Assert.Equal(["""{"_id":3,"_pong":true}"""], await ReadLinesAsync(other, 1));
            other.Dispose();
        }

        block.Set();
        Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(blocked, 1));
    }

    [EventLoopFact]
    public async Task Fast_requests_that_waited_for_a_slow_run_are_served_on_the_event_loop_again()
    {
        await StartAsync();
        Socket[] quick = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ConnectAsync()));
        foreach (Socket socket in quick)
        {
            await AskAsync(socket, times: 10);
        }

        using Socket slow = await SendAsync("""{"program":"gate"}""");
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        var loops = new List<EventLoop?>();
        Orchestrator.EchoAsync = _ =>
        {
            loops.Add(EventLoop.Current);
            return Task.CompletedTask;
        };
        foreach (Socket socket in quick)
        {
            await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo), Cancel);
        }

        await UntilWaitingAsync(quick.Length);
        Orchestrator.Gate.SetResult();
        foreach (Socket socket in quick)
        {
            Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(socket, 1));
            socket.Dispose();
        }

        Assert.Equal(quick.Length, loops.Count);

        // A machine that stands still twice makes the program look slow; all on the pool is what it must not be.
        Assert.Contains(loops, loop => loop is not null);
    }

    [Fact]
    public async Task Clients_with_one_request_in_flight_are_spread_over_the_loops_and_pipelining_ones_share_one()
    {
        Assert.SkipUnless(EventLoopGroup.IsSupported && Environment.ProcessorCount > 1, "There is one event loop at most on this system.");
        var loops = new List<EventLoop?>();
        Orchestrator.EchoAsync = _ =>
        {
            loops.Add(EventLoop.Current);
            return Task.CompletedTask;
        };
        await StartAsync();
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => ConnectAsync()));
        foreach (Socket client in clients)
        {
            await AskAsync(client, times: 10);
        }

        Assert.True(loops.Where(loop => loop is not null).Distinct().Count() > 1, "All clients are on one loop.");
        byte[] many = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Echo, 20)));
        for (int round = 0; round < 2; round++)
        {
            loops.Clear();
            foreach (Socket client in clients)
            {
                await client.SendAsync(many, Cancel);
                Assert.Equal(20, (await ReadLinesAsync(client, 20)).Length);
            }
        }

        Assert.Single(loops.OfType<EventLoop>().Distinct());
    }

    [Fact]
    public async Task Runs_of_different_loops_never_overlap_and_answers_stay_in_order()
    {
        int running = 0, overlaps = 0, runs = 0;
        Orchestrator.EchoAsync = _ =>
        {
            overlaps += Interlocked.Increment(ref running) == 1 ? 0 : 1;
            runs++;
            Thread.SpinWait(runs % 50);
            Interlocked.Decrement(ref running);
            return Task.CompletedTask;
        };
        await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 24).Select(client => Task.Run(async () =>
        {
            using Socket socket = await ConnectAsync();
            int together = client % 3 == 0 ? 20 : 1;
            for (int id = 0; id < 200; id += together)
            {
                IEnumerable<int> ids = Enumerable.Range(id, together);
                string requests = string.Concat(ids.Select(i => $$$"""{"id":{{{i}}},"program":"echo","data_pool":{"text":"{{{client}}}-{{{i}}}"}}"""));
                await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(requests), Cancel);
                Assert.Equal(ids.Select(i => $$"""{"_id":{{i}},"text":"{{client}}-{{i}}"}"""), await ReadLinesAsync(socket, together));
            }
        }, Cancel)));
        Assert.Equal((24 * 200, 0), (runs, overlaps));
    }

    [Fact]
    public async Task Client_that_always_has_another_request_is_told_shutting_down()
    {
        await StartAsync();
        using Socket endless = await ConnectAsync();
        byte[] requests = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Echo, 500)));

        // Always one more request than answers have been read, and never so many that bytes nobody reads become a reset.
        using var room = new SemaphoreSlim(4);
        Task sending = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    await room.WaitAsync(Cancel);
                    await endless.SendAsync(requests, Cancel);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The server has closed the connection, or the test has ended.
            }
        }, Cancel);
        await ReadLinesAsync(endless, 100);
        Task stopping = Server.StopAsync(Cancel);
        using var reader = new StreamReader(new NetworkStream(endless));
        string last = "";
        for (int lines = 1; await reader.ReadLineAsync(Cancel) is { Length: > 0 } line; lines++)
        {
            last = line;
            if (lines % 500 == 0)
            {
                room.Release();
            }
        }

        Assert.Equal("shutting_down", CodeOf(last));
        endless.Dispose();
        room.Release();
        await Task.WhenAll(stopping, sending);
    }

    private static async Task AskAsync(Socket kept, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await kept.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo), Cancel);
            Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(kept, 1));
        }
    }
}
