using System.Net.Sockets;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>One link's wait, and who is told of its socket.</summary>
public sealed class ReadinessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [EventLoopFact]
    public async Task Awaiter_whose_move_fails_keeps_its_old_loop()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, 0));
        listening.Listen();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!, Cancel);
        using Socket served = await listening.AcceptAsync(Cancel);
        using var first = new Epoll();
        using var second = new Epoll();
        var readiness = new SocketReadAwaiter(first, served);

        // The kernel takes a socket once.
        var other = new SocketReadAwaiter(second, served);
        readiness.MoveTo(second);
        byte[] room = new byte[8];
        ValueTask<int> receiving = readiness.ReceiveAsync(room);
        Assert.False(receiving.IsCompleted);
        await client.SendAsync(new byte[3], Cancel);
        while (!receiving.IsCompleted && first.Poll(wait: true))
        {
            while (first.TryDequeueEvent(out EpollHandler watched, out bool hasEnded))
            {
                watched.OnReadable(hasEnded);
            }
        }

        Assert.Equal(3, await receiving);
        other.Unregister();
        readiness.Unregister();
        Assert.Equal((0, 0), (first.Count, second.Count));
    }
}
