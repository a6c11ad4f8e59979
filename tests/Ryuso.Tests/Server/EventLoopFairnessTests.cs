using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>That those who keep the lane busy keep nobody else waiting on their loop.</summary>
public sealed class EventLoopFairnessTests : ServedTests
{
    private static readonly byte[] s_echo = Encoding.UTF8.GetBytes("""{"id":1,"program":"echo"}""");

    [EventLoopFact]
    public async Task Loop_does_lane_turns_first_then_sends_then_background_work()
    {
        using var loops = new EventLoopGroup(NullLogger.Instance);
        loops.Start();
        var done = new List<string>();
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loops.AcceptLoop.Post(WorkPriority.LaneTurn, new Work(() =>
        {
            loops.AcceptLoop.Post(WorkPriority.Background, new Work(() => done.Add("rest")));
            loops.AcceptLoop.Post(WorkPriority.Background, new Work(last.SetResult));
            loops.AcceptLoop.Post(WorkPriority.Send, new Work(() => done.Add("answer")));
            loops.AcceptLoop.Post(WorkPriority.LaneTurn, new Work(() => done.Add("turn")));
        }));
        await last.Task.WaitAsync(Cancel);
        Assert.Equal(["turn", "answer", "rest"], done);
    }

    [EventLoopFact]
    public async Task Stalled_leader_is_replaced_twice()
    {
        using var loops = new EventLoopGroup(NullLogger.Instance);
        loops.Start();
        using var first = new ManualResetEventSlim();
        using var second = new ManualResetEventSlim();
        var secondBegan = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var firstEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var third = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loops.AcceptLoop.Post(WorkPriority.LaneTurn, new Work(() =>
        {
            first.Wait(Cancel);
            firstEnded.SetResult();
        }));
        loops.AcceptLoop.Post(WorkPriority.LaneTurn, new Work(() =>
        {
            secondBegan.SetResult();
            second.Wait(Cancel);
        }));
        await secondBegan.Task.WaitAsync(Cancel);
        first.Set();
        await firstEnded.Task.WaitAsync(Cancel);
        loops.AcceptLoop.Post(WorkPriority.LaneTurn, new Work(third.SetResult));
        await third.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        second.Set();
    }

    [Fact]
    public async Task Client_that_always_has_another_request_does_not_starve_the_others()
    {
        await StartAsync();
        using Socket endless = await ConnectAsync();
        Socket[] others = await Task.WhenAll(Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => ConnectAsync()));
        byte[] requests = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Encoding.UTF8.GetString(s_echo), 500)));
        bool isEnough = false;
        Task sending = Task.Run(async () =>
        {
            while (!Volatile.Read(ref isEnough))
            {
                await endless.SendAsync(requests, Cancel);
            }

            endless.Shutdown(SocketShutdown.Send);
        }, Cancel);
        Task reading = ReadAsync(endless);
        for (int i = 0; i < 20; i++)
        {
            foreach (Socket other in others)
            {
                await other.SendAsync(s_echo, Cancel);
                Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(other, 1));
            }
        }

        Volatile.Write(ref isEnough, true);
        await Task.WhenAll(sending, reading);
        Array.ForEach(others, other => other.Dispose());
    }

    [EventLoopFact]
    public async Task Endless_lane_turns_starve_neither_sends_nor_sockets_nor_background_work()
    {
        using var loops = new EventLoopGroup(NullLogger.Instance);
        loops.Start();
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, 0));
        listening.Listen();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var (answered, rested, heard) = (NewEnd(), NewEnd(), new Heard());
        bool isOver = false;
        Work turn = null!;
        turn = new Work(() =>
        {
            if (!Volatile.Read(ref isOver))
            {
                loops.AcceptLoop.Post(WorkPriority.LaneTurn, turn);
            }
        });
        loops.AcceptLoop.Post(WorkPriority.LaneTurn, turn);
        try
        {
            loops.AcceptLoop.Post(WorkPriority.Send, new Work(answered.SetResult));
            loops.AcceptLoop.Post(WorkPriority.Background, new Work(rested.SetResult));
            loops.AcceptLoop.Epoll.Register(listening.SafeHandle, heard, onlyChanges: true);
            await client.ConnectAsync(listening.LocalEndPoint!, Cancel);
            await Task.WhenAll(answered.Task, rested.Task, heard.Task).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        }
        finally
        {
            Volatile.Write(ref isOver, true);
        }
    }

    [EventLoopFact]
    public async Task Request_whose_program_became_slow_while_it_waited_does_not_hold_a_loop()
    {
        await StartAsync();
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => ConnectAsync()));
        foreach (Socket client in clients)
        {
            for (int i = 0; i < 10; i++)
            {
                await AskAsync(client);
            }
        }

        using Socket gate = await SendAsync("""{"program":"gate"}""");
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        var onLoop = new List<bool>();
        Orchestrator.EchoAsync = _ =>
        {
            onLoop.Add(EventLoop.Current is not null);
            for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(1);)
            {
                Thread.SpinWait(100);
            }

            return Task.CompletedTask;
        };
        foreach (Socket client in clients)
        {
            await client.SendAsync(s_echo, Cancel);
        }

        await UntilWaitingAsync(clients.Length);
        Orchestrator.Gate.SetResult();
        foreach (Socket client in clients)
        {
            Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(client, 1));
            client.Dispose();
        }

        // The first two have found it out.
        Assert.Equal(clients.Length, onLoop.Count);
        Assert.DoesNotContain(true, onLoop.Skip(2));
    }

    [EventLoopFact]
    public async Task Hook_that_uses_another_servers_orchestrator_leaves_clients_on_their_own_loops()
    {
        await StartAsync();
        var asked = new TestOrchestrator();
        await using var askedServer = new RyusoServer(asked, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
        await askedServer.StartAsync(Cancel);
        using Socket asking = await ConnectAsync();
        using var waiting = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await waiting.ConnectAsync(askedServer.EndPoint, Cancel);
        HashSet<EventLoop?> own = [], others = [];
        Orchestrator.EchoAsync = Note(own);
        asked.EchoAsync = Note(others);
        for (int i = 0; i < 20; i++)
        {
            await AskAsync(asking);
            await AskAsync(waiting);
        }

        // While the one server's hook has the lane of the other one, a client waits for it there.
        own.Clear();
        var entered = NewEnd();
        asked.EchoAsync = _ =>
        {
            asked.EchoAsync = Note(others);
            entered.SetResult();
            SpinWait.SpinUntil(() => asked.WaitingCount == 1, TimeSpan.FromMinutes(1));
            others.Clear();
            return Task.CompletedTask;
        };
        Orchestrator.EchoAsync = _ =>
        {
            own.Add(EventLoop.Current);
            return asked.RunAsync("echo", [], cancellationToken: Cancel);
        };
        await asking.SendAsync(s_echo, Cancel);
        await entered.Task.WaitAsync(Cancel);
        await AskAsync(waiting);
        Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(asking, 1));
        Assert.DoesNotContain(null, own);
        Assert.DoesNotContain(null, others);
        Assert.DoesNotContain(Assert.Single(others), own);
    }

    private static Func<string, Task> Note(HashSet<EventLoop?> loops) => _ =>
    {
        loops.Add(EventLoop.Current);
        return Task.CompletedTask;
    };

    private static async Task AskAsync(Socket kept)
    {
        await kept.SendAsync(s_echo, Cancel);
        Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(kept, 1));
    }

    private static TaskCompletionSource NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    private sealed class Heard : EpollHandler
    {
        private readonly TaskCompletionSource _heard = NewEnd();

        public Task Task => _heard.Task;

        public override void OnReadable(bool hasEnded) => _heard.TrySetResult();
    }
}
