using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Ryuso.Server.Loops;
using Ryuso.Server.Transport;

namespace Ryuso.Server.Connections;

/// <summary>A listening socket.</summary>
internal sealed class Listener : EpollHandler, IDisposable
{
    private readonly ServerContext _context;
    private readonly Socket _socket;
    private readonly bool _isTls;
    private readonly UnixSocketFile? _file;
    private readonly CancellationTokenSource _accepting = new();
    private volatile bool _isClosed;

    private Listener(ServerContext context, Socket socket, bool isTls, UnixSocketFile? file)
    {
        _context = context;
        _socket = socket;
        _isTls = isTls;
        _file = file;
        EndPoint = socket.LocalEndPoint!;
    }

    public EndPoint EndPoint { get; }

    /// <summary>For tests that take options away from it.</summary>
    internal Socket Socket => _socket;

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    /// <exception cref="IOException">Something else than a socket is at the path.</exception>
    public static Listener Bind(EndPoint endPoint, bool isTls, ServerContext context)
    {
        bool isUnix = endPoint is UnixDomainSocketEndPoint;
        if (isUnix)
        {
            UnixSocketFile.RemoveStale(endPoint.ToString()!);
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

            if (context.Options.ReusePort && !isUnix)
            {
                LinuxSocketOptions.ReusePort(socket);
            }

            // No ReuseAddress: .NET lets a closed port be bound again without it, and with it (SO_REUSEPORT)
            // two servers would silently share a port.
            socket.Bind(endPoint);
            UnixSocketFile? file = isUnix ? UnixSocketFile.Bound(endPoint.ToString()!, context.Options.UnixSocketMode) : null;
            socket.Listen(ServerTuning.AcceptBacklog);
            return new Listener(context, socket, isTls, file);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Start()
    {
        if (_context.Loops is null)
        {
            _ = AcceptAllAsync();
        }
        else
        {
            _socket.Blocking = false;
            _context.Loops.AcceptLoop.Epoll.Register(_socket.SafeHandle, this, onlyChanges: false);
        }
    }

    /// <summary>New connections do not depend on one another, and clients of one request each need the processor more.</summary>
    public override bool ExpectsMoreSoon => false;

    /// <inheritdoc/>
    public override void OnReadable(bool hasEnded)
    {
        // Counted before it is here, so that no stop can overlook it.
        _context.Limits.Open();
        Socket next;
        try
        {
            next = _socket.Accept();
        }
        catch (Exception exception) when (_isClosed || exception is SocketException { SocketErrorCode: SocketError.WouldBlock })
        {
            _context.Limits.Close(1);
            return;
        }
        catch (SocketException exception)
        {
            _context.Limits.Close(1);

            // Nearly always a lack of descriptors, which must not slow the connections that are open.
            ServerLog.AcceptFailed(_context.Logger, exception);
            _ = PauseAsync(_context.Loops!.AcceptLoop.Epoll);
            return;
        }

        Begin(next);
    }

    private async Task PauseAsync(Epoll epoll)
    {
        try
        {
            epoll.SetSuspended(_socket.SafeHandle, this, isMuted: true);
            await Task.Delay(ServerTuning.AcceptPause).ConfigureAwait(false);
            epoll.SetSuspended(_socket.SafeHandle, this, isMuted: false);
        }
        catch (Exception exception) when (_isClosed || exception is ObjectDisposedException)
        {
            // It has been closed meanwhile.
        }
        catch (Win32Exception exception)
        {
            ServerLog.RequestFailed(_context.Logger, exception);
        }
    }

    /// <summary>Stops accepting. Connections that have arrived are still accepted: a listening socket that closes resets them.</summary>
    public async Task StopAsync()
    {
        if (_file is not null)
        {
            _file.Delete();
        }
        else
        {
            DropIncomingConnections();
        }

        // Connections whose handshake is under way are accepted meanwhile too.
        for (int looks = 0, quiet = 0; looks < 50 && quiet < 3; looks++)
        {
            await Task.Delay(ServerTuning.AcceptDrainInterval).ConfigureAwait(false);
            quiet = _socket.Poll(0, SelectMode.SelectRead) ? 0 : quiet + 1;
        }

        Dispose();
    }

    /// <summary>An improvement only: where the kernel refuses it, clients that connect now are reset.</summary>
    private void DropIncomingConnections()
    {
        try
        {
            LinuxSocketOptions.DropIncomingConnections(_socket);
        }
        catch (SocketException exception)
        {
            ServerLog.OptionRefused(_context.Logger, "a socket filter", "Clients that connect during the stop are reset.", exception);
        }
    }

    public void Dispose()
    {
        _isClosed = true;
        _context.Loops?.AcceptLoop.Epoll.Unregister(this);
        if (_file is null)
        {
            _socket.Dispose();
            return;
        }

        // A Socket that is disposed of removes whatever is at its path by then, also the socket of the next server. Its handle does not.
        _file.Delete();
        _accepting.Cancel();
        _socket.SafeHandle.Dispose();
#pragma warning disable CA1816 // The finalizer would do the same as Dispose.
        GC.SuppressFinalize(_socket);
#pragma warning restore CA1816
    }

    /// <summary>Accepts on the thread pool, where there is no event loop.</summary>
    private async Task AcceptAllAsync()
    {
        while (!_isClosed)
        {
            try
            {
                Socket next = await _socket.AcceptAsync(_accepting.Token).ConfigureAwait(false);
                _context.Limits.Open();
                ThreadPool.UnsafeQueueUserWorkItem(Begin, next, preferLocal: false);
            }
#pragma warning disable CA1031 // Whatever one client or a lack of descriptors does, the next client is accepted.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (!_isClosed)
                {
                    ServerLog.AcceptFailed(_context.Logger, exception);
                    await Task.Delay(ServerTuning.AcceptPause).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Serves a client on this thread up to its first wait.</summary>
    private void Begin(Socket client)
    {
        if (_context.Limits.IsOverHardLimit)
        {
            client.Dispose();
            _context.Limits.Close(1);
            return;
        }

        Connection connection = _context.Pool.Rent();
        connection.Open(client);
        _ = connection.ServeAsync(_isTls ? _context.Tls : null, _context.Limits.IsOverLimit);
    }
}
