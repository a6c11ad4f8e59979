using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Ryuso.Server.Loops;
using Ryuso.Server.Transport;

namespace Ryuso.Server.Connections;

/// <summary>A listening socket.</summary>
internal sealed class Listener : EpollHandler, IDisposable
{
    private const int Backlog = 4096;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly ServerContext _serving;
    private readonly Socket _socket;
    private readonly SslServerAuthenticationOptions? _tls;
    private volatile bool _isClosed;

    private Listener(ServerContext serving, Socket socket, SslServerAuthenticationOptions? tls)
    {
        _serving = serving;
        _socket = socket;
        _tls = tls;
        EndPoint = socket.LocalEndPoint!;
    }

    public EndPoint EndPoint { get; }

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static Listener Bind(EndPoint endPoint, SslServerAuthenticationOptions? tls, ServerContext serving)
    {
        bool isUnix = endPoint is UnixDomainSocketEndPoint;
        if (isUnix)
        {
            RemoveStale(endPoint);
        }

        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!isUnix)
            {
                // Those that are accepted inherit both.
                socket.NoDelay = true;
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            }

            if (serving.Options.ReusePort && !isUnix)
            {
                LinuxSocketOptions.ReusePort(socket);
            }

            // No ReuseAddress: .NET lets a closed port be bound again without it, and with it (SO_REUSEPORT)
            // two servers would silently share a port.
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new Listener(serving, socket, tls);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Start()
    {
        if (_serving.Loops is null)
        {
            _ = AcceptAllAsync();
        }
        else
        {
            _socket.Blocking = false;
            _serving.Loops.AcceptLoop.Epoll.Register(_socket.SafeHandle, this, onlyChanges: false);
        }
    }

    /// <summary>Newcomers do not wait for one another, and those of one request each need the processor more.</summary>
    public override bool ExpectsMoreSoon => false;

    /// <inheritdoc/>
    public override void OnReadable(bool hasEnded)
    {
        // Counted before it is here, so that no stop can overlook it.
        _serving.Open();
        Socket next;
        try
        {
            next = _socket.Accept();
        }
        catch (Exception exception) when (_isClosed || exception is SocketException { SocketErrorCode: SocketError.WouldBlock })
        {
            _serving.Close(1);
            return;
        }
        catch (SocketException exception)
        {
            _serving.Close(1);

            // Nearly always a lack of descriptors, which those who are in already must not feel.
            ServerLog.AcceptFailed(_serving.Logger, exception);
            _ = PauseAsync(_serving.Loops!.AcceptLoop.Epoll);
            return;
        }

        Begin(next);
    }

    private async Task PauseAsync(Epoll epoll)
    {
        try
        {
            epoll.SetSuspended(_socket.SafeHandle, this, isMuted: true);
            await Task.Delay(s_pause).ConfigureAwait(false);
            epoll.SetSuspended(_socket.SafeHandle, this, isMuted: false);
        }
        catch (ObjectDisposedException)
        {
            // It has been closed meanwhile.
        }
    }

    /// <summary>Lets nobody in any more. Who has come already is still accepted: a listening socket that closes resets them.</summary>
    public async Task StopAsync()
    {
        if (EndPoint is UnixDomainSocketEndPoint)
        {
            File.Delete(EndPoint.ToString()!);
        }
        else
        {
            LinuxSocketOptions.DropIncomingConnections(_socket);
        }

        // Also those whose handshake is under way. They are accepted meanwhile.
        for (int looks = 0, quiet = 0; looks < 50 && quiet < 3; looks++)
        {
            await Task.Delay(s_look).ConfigureAwait(false);
            quiet = _socket.Poll(0, SelectMode.SelectRead) ? 0 : quiet + 1;
        }

        Dispose();
    }

    public void Dispose()
    {
        _isClosed = true;
        _serving.Loops?.AcceptLoop.Epoll.Unregister(this);
        _socket.Dispose();
    }

    /// <summary>A socket's file outlives a server that was killed; one that somebody listens on is left alone.</summary>
    private static void RemoveStale(EndPoint endPoint)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception)
        {
            if (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                File.Delete(endPoint.ToString()!);
            }

            return;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    /// <summary>Where there is no event loop, the pool's threads do its work.</summary>
    private async Task AcceptAllAsync()
    {
        while (!_isClosed)
        {
            try
            {
                Socket next = await _socket.AcceptAsync().ConfigureAwait(false);
                _serving.Open();
                ThreadPool.UnsafeQueueUserWorkItem(Begin, next, preferLocal: false);
            }
#pragma warning disable CA1031 // Whatever one client or a lack of descriptors does, the next client is accepted.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (!_isClosed)
                {
                    ServerLog.AcceptFailed(_serving.Logger, exception);
                    await Task.Delay(s_pause).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Serves a client on this thread as far as that goes without waiting.</summary>
    private void Begin(Socket client)
    {
        if (_serving.IsOverHardLimit)
        {
            client.Dispose();
            _serving.Close(1);
            return;
        }

        Connection connection = _serving.Rent();
        connection.Open(client);
        _ = connection.ServeAsync(_tls, _serving.IsOverLimit);
    }
}
