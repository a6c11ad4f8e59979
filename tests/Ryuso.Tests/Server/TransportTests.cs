using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Ryuso.Server;
using Ryuso.Server.Transport;

namespace Ryuso.Tests.Server;

/// <summary>Waits that end in time, and sockets that linger: with pairs of sockets and a clock, without a server.</summary>
public sealed class TransportTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<Socket> _sockets = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    [Fact]
    public async Task Deadline_that_passes_interrupts_the_wait_and_a_later_one_does_not()
    {
        using var deadlines = new ConnectionDeadlines(_time, TimeSpan.FromSeconds(4));
        (Socket served, _) = Pair();
        (Socket other, Socket client) = Pair();
        using var late = new SocketTransport(deadlines, served, loops: null);
        using var early = new SocketTransport(deadlines, other, loops: null);
        ValueTask<int> waiting = early.ReceiveAsync(new byte[1], deadlines.Now + 1000);
        Task<int> patient = late.ReceiveAsync(new byte[1], deadlines.Now + 60_000).AsTask();
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(-1, await waiting);
        Assert.False(patient.IsCompleted);

        // An interruption lasts until it is taken back.
        Assert.Equal(-1, await early.ReceiveAsync(new byte[1], long.MaxValue));
        early.Resume();
        await client.SendAsync(new byte[1], Cancel);
        Assert.Equal(1, await early.ReceiveAsync(new byte[1], long.MaxValue));
    }

    [Fact]
    public async Task Stop_interrupts_every_wait_of_now_and_later()
    {
        using var deadlines = new ConnectionDeadlines(_time, TimeSpan.FromSeconds(4));
        using var first = new SocketTransport(deadlines, Pair().Served, loops: null);
        using var second = new SocketTransport(deadlines, Pair().Served, loops: null);
        ValueTask<int> waiting = first.ReceiveAsync(new byte[1], long.MaxValue);
        deadlines.Stop();
        Assert.True(deadlines.IsStopping);
        Assert.Equal(-1, await waiting);
        Assert.Equal(-1, await second.ReceiveAsync(new byte[1], long.MaxValue));
    }

    [Fact]
    public async Task Abort_closes_every_socket_of_now_and_later()
    {
        using var deadlines = new ConnectionDeadlines(_time, TimeSpan.FromSeconds(4));
        (Socket served, Socket client) = Pair();
        (Socket later, Socket laterClient) = Pair();
        using var transport = new SocketTransport(deadlines, served, loops: null);
        Task<int> waiting = transport.ReceiveAsync(new byte[1], long.MaxValue).AsTask();
        deadlines.Abort();
        await Task.WhenAny(waiting);
        await AssertEndsAsync(client);
        using var second = new SocketTransport(deadlines, later, loops: null);
        await Task.WhenAny(second.ReceiveAsync(new byte[1], long.MaxValue).AsTask());
        await AssertEndsAsync(laterClient);
    }

    [Fact]
    public async Task Transport_removed_from_the_list_is_interrupted_no_more()
    {
        using var deadlines = new ConnectionDeadlines(_time, TimeSpan.FromSeconds(4));
        SocketTransport[] transports = [.. Enumerable.Range(0, 3).Select(_ => new SocketTransport(deadlines, Pair().Served, loops: null))];
        Task<int>[] waits = [.. transports.Select(transport => transport.ReceiveAsync(new byte[1], 1000).AsTask())];

        // From the middle: its neighbours are still in the list, and the timer does not meet what has been disposed of.
        transports[1].Dispose();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((-1, -1), (await waits[0], await waits[2]));
        transports[0].Dispose();
        transports[2].Dispose();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.All(transports, transport => Assert.Equal((null, null), (transport.Next, transport.Previous)));
    }

    [Fact]
    public async Task Lingering_socket_closes_after_its_client_and_otherwise_after_the_timeout()
    {
        int closed = 0;
        using var closer = new LingeringCloser(_time, count => closed += count);
        (Socket served, Socket client) = Pair();
        (Socket silent, _) = Pair();
        closer.Add(served);
        closer.Add(silent);
        Assert.Equal((2, 0), (closer.Count, closed));
        await client.SendAsync(new byte[100], Cancel);
        client.Shutdown(SocketShutdown.Send);
        while (closed == 0)
        {
            _time.Advance(ServerTuning.LingerCheckInterval);
            Assert.True(_time.GetUtcNow() - _time.Start < ServerTuning.LingerTimeout, "The client's end was not noticed.");
            await Task.Yield();
        }

        Assert.Equal((1, 1), (closer.Count, closed));
        _time.Advance(ServerTuning.LingerTimeout);
        _time.Advance(ServerTuning.LingerCheckInterval);
        Assert.Equal((0, 2), (closer.Count, closed));
    }

    [Fact]
    public void Lingering_sockets_beyond_the_limit_and_after_the_end_close_at_once()
    {
        int closed = 0;
        using var closer = new LingeringCloser(_time, count => closed += count) { MaxSockets = 1 };
        closer.Add(Pair().Served);
        closer.Add(Pair().Served);
        Assert.Equal((1, 1), (closer.Count, closed));
        closer.CloseAll();
        Assert.Equal((0, 2), (closer.Count, closed));
        closer.Add(Pair().Served);
        Assert.Equal((0, 3), (closer.Count, closed));
    }

    /// <summary>A socket that is closed during a wait resets its connection.</summary>
    private static async Task AssertEndsAsync(Socket client)
    {
        try
        {
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], Cancel));
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
    }

    private (Socket Served, Socket Client) Pair()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listening.Listen();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listening.LocalEndPoint!);
        Socket served = listening.Accept();
        _sockets.AddRange([client, served]);
        return (served, client);
    }
}
