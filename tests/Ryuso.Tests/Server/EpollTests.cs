using System.Net.Sockets;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>Whom the kernel's list tells.</summary>
public sealed class EpollTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [EventLoopFact]
    public async Task Suspended_socket_is_reported_once_it_is_resumed()
    {
        using var epoll = new Epoll();
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var other = new Socket(SocketType.Stream, ProtocolType.Tcp);
        foreach (Socket socket in new[] { listening, other })
        {
            socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.IPv6Loopback, 0));
            socket.Listen();
        }

        var (first, second) = (new Heard(), new Heard());
        epoll.Register(listening.SafeHandle, first, onlyChanges: false);
        epoll.Register(other.SafeHandle, second, onlyChanges: false);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var otherClient = new Socket(SocketType.Stream, ProtocolType.Tcp);
        epoll.SetSuspended(listening.SafeHandle, first, isMuted: true);
        await client.ConnectAsync(listening.LocalEndPoint!, Cancel);
        await otherClient.ConnectAsync(other.LocalEndPoint!, Cancel);
        Assert.Equal([second], Told(epoll));
        epoll.SetSuspended(listening.SafeHandle, first, isMuted: false);
        Assert.Equal([first, second], Told(epoll).OrderBy(watched => watched.SlotIndex));
    }

    private static List<EpollHandler> Told(Epoll epoll)
    {
        var told = new List<EpollHandler>();
        epoll.Poll(wait: true);
        while (epoll.TryDequeueEvent(out EpollHandler watched, out _))
        {
            told.Add(watched);
        }

        return told;
    }

    private sealed class Heard : EpollHandler
    {
        public override void OnReadable(bool hasEnded)
        {
        }
    }
}
