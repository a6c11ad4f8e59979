using System.ComponentModel;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Transport;

/// <summary>The transport of one connection: a socket, with TLS or without, whose waits end in time.</summary>
[DebuggerDisplay("{Socket.RemoteEndPoint}, TLS {_tls is not null}, deadline {Deadline}")]
internal sealed class SocketTransport(ConnectionDeadlines links, Socket socket, EventLoopGroup? loops) : IDisposable
{
    private SslStream? _tls;
    private bool _hasReceived;
    private bool _isRegistered;
    private SocketReadAwaiter? _awaiter;
    private CancellationTokenSource? _interruption;
    private CancellationTokenSource? _sendTimeout;
    private long _deadline = long.MaxValue;

    public SocketTransport? Next { get; set; }

    public SocketTransport? Previous { get; set; }

    public Socket Socket => socket;

    /// <summary>When the wait for the client ends, by the clock of <see cref="ConnectionDeadlines.Now"/>.</summary>
    public long Deadline => Volatile.Read(ref _deadline);

    /// <summary>Performs the TLS handshake.</summary>
    public async ValueTask SecureAsync(SslServerAuthenticationOptions options, long deadline)
    {
        // NetworkStream takes blocking sockets only; its asynchronous calls do not block.
        socket.Blocking = true;
        _tls = new SslStream(new NetworkStream(socket));
        RegisterDeadline(deadline);
        await _tls.AuthenticateAsServerAsync(options, _interruption!.Token).ConfigureAwait(false);
    }

    /// <summary>How many bytes came; 0 at the client's end of stream, -1 where the wait was cut short.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> room, long deadline)
    {
        // A new connection has nearly always sent its request already, mostly its only one.
        bool isFirst = !_hasReceived;
        _hasReceived = true;
        return isFirst && TryReceive(room.Span, out int count) ? new ValueTask<int>(count) : WaitAsync(room, deadline);
    }

    /// <summary>Takes what is there. False where nothing is.</summary>
    public bool TryReceive(Span<byte> room, out int count)
    {
        count = 0;
        return _tls is null && NonBlockingSocket.TryReceive(socket, room, out count);
    }

    /// <summary>Sends what the client takes at once. How much that is, and none with TLS.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes, bool isLast = false) =>
        _tls is null ? NonBlockingSocket.TrySend(socket, bytes, isLast) : 0;

    /// <param name="bytes">What to send.</param>
    /// <param name="isLast">Whether <see cref="ShutdownSendAsync"/> or the link's end follows at once.</param>
    /// <param name="limit">How long the client may take.</param>
    /// <exception cref="OperationCanceledException">The client does not take it in time.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isLast, TimeSpan limit)
    {
        bytes = bytes[TrySend(bytes.Span, isLast)..];
        return bytes.IsEmpty ? default : SendRemainderAsync(bytes, limit);
    }

    /// <summary>
    /// Whether the client can receive nothing more: it has reset the connection, or closed its Unix domain socket. A TCP client that has
    /// closed looks like one that only sends nothing more, and counts as present.
    /// </summary>
    public bool HasPeerHungUp() => NonBlockingSocket.HasHungUp(socket);

    /// <summary>Nothing more will be sent.</summary>
    public async ValueTask ShutdownSendAsync(TimeSpan limit)
    {
        if (_tls is not null)
        {
            await _tls.ShutdownAsync().WaitAsync(limit).ConfigureAwait(false);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends whatever waits for the client, which gets nothing more.</summary>
    public void Cut()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }
    }

    /// <summary>Waits on the loop of the clients that pipeline from now on.</summary>
    public void MoveToPipelineLoop() => _awaiter?.MoveTo(loops!.PipelineLoop.Epoll);

    /// <summary>Ends the wait that is under way, or the next one. Only for <see cref="ConnectionDeadlines"/>.</summary>
    public void Interrupt()
    {
        _awaiter?.Interrupt();
        _interruption?.CancelAsync();
    }

    /// <summary>Waits may begin anew.</summary>
    public void Resume()
    {
        _awaiter?.Resume();
        if (_interruption is { IsCancellationRequested: true })
        {
            _interruption.Dispose();
            _interruption = new CancellationTokenSource();
        }

        // The other half of the argument at ConnectionDeadlines: either the flag is seen now, or the interruption comes later.
        Interlocked.MemoryBarrier();
    }

    public void Dispose()
    {
        ReleaseSocket();
        socket.Dispose();
    }

    /// <summary>Releases everything but the socket.</summary>
    public void ReleaseSocket()
    {
        if (_isRegistered)
        {
            links.Remove(this);
        }

        if (_awaiter is not null)
        {
            _awaiter.Unregister();
        }

        _interruption?.Dispose();
        _sendTimeout?.Dispose();
        _tls?.Dispose();
    }

    private ValueTask<int> WaitAsync(Memory<byte> room, long deadline)
    {
        RegisterDeadline(deadline);
        return _awaiter?.ReceiveAsync(room) ?? WaitForStreamAsync(room, _interruption!.Token);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitForStreamAsync(Memory<byte> room, CancellationToken cut)
    {
        try
        {
            return _tls is null
                ? await socket.ReceiveAsync(room, SocketFlags.None, cut).ConfigureAwait(false)
                : await _tls.ReadAsync(room, cut).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return -1;
        }
        finally
        {
            Volatile.Write(ref _deadline, long.MaxValue);
        }
    }

    private async ValueTask SendRemainderAsync(ReadOnlyMemory<byte> bytes, TimeSpan limit)
    {
        Register();
        _sendTimeout ??= links.CreateTimeout();
        _sendTimeout.CancelAfter(limit);
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, _sendTimeout.Token).ConfigureAwait(false);
        }
        else
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, _sendTimeout.Token).ConfigureAwait(false)..];
            }
        }

        if (!_sendTimeout.TryReset())
        {
            _sendTimeout.Dispose();
            _sendTimeout = null;
        }
    }

    /// <summary>Sets the deadline of the wait that begins.</summary>
    private void RegisterDeadline(long deadline)
    {
        Volatile.Write(ref _deadline, deadline);
        Register();
    }

    /// <summary>Makes it known to what ends waits. Before bytes are sent by one thread and received by another at the same time.</summary>
    public void Register()
    {
        if (_isRegistered)
        {
            return;
        }

        if (_tls is null && loops is not null)
        {
            try
            {
                _awaiter = new SocketReadAwaiter(loops.LeastLoaded.Epoll, socket);
            }
            catch (Win32Exception)
            {
                // The kernel watches no further socket of this user: the thread pool waits instead.
            }
        }

        _interruption = _awaiter is null ? new CancellationTokenSource() : null;

        _isRegistered = true;
        links.Add(this);
    }
}
