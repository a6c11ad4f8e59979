using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Transport;

/// <summary>A client's end of the wire: a socket, with TLS or without, whose waits end in time.</summary>
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

    /// <summary>When whoever waits for the client gives up, as <see cref="ConnectionDeadlines.Now"/> tells the time.</summary>
    public long Deadline => Volatile.Read(ref _deadline);

    /// <summary>Turns to TLS.</summary>
    public async ValueTask SecureAsync(SslServerAuthenticationOptions options, long deadline)
    {
        // A stream accepts no other socket, though it waits for none of its own accord.
        socket.Blocking = true;
        _tls = new SslStream(new NetworkStream(socket));
        RegisterDeadline(deadline);
        await _tls.AuthenticateAsServerAsync(options, _interruption!.Token).ConfigureAwait(false);
    }

    /// <summary>How many bytes came; 0 at the client's end of stream, -1 where the wait was cut short.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> room, long deadline)
    {
        // Who has just come has nearly always brought its request, mostly the only one.
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
    public int TrySend(ReadOnlySpan<byte> bytes, bool isLast = false) => _tls is null ? NonBlockingSocket.TrySend(socket, bytes, isLast) : 0;

    /// <param name="bytes">What to send.</param>
    /// <param name="isLast">Whether <see cref="ShutdownSendAsync"/> or the link's end follows at once.</param>
    /// <param name="limit">How long the client may take.</param>
    /// <exception cref="OperationCanceledException">The client does not take it in time.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isLast, TimeSpan limit)
    {
        bytes = bytes[TrySend(bytes.Span, isLast)..];
        return bytes.IsEmpty ? default : SendRemainderAsync(bytes, limit);
    }

    /// <summary>Nothing more will be sent.</summary>
    public async ValueTask ShutdownSendAsync(TimeSpan limit)
    {
        if (_tls is not null)
        {
            await _tls.ShutdownAsync().WaitAsync(limit).ConfigureAwait(false);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Waits from now on where the others do that keep the lane busy.</summary>
    public void MoveToPipelineLoop() => _awaiter?.MoveTo(loops!.PipelineLoop.Epoll);

    /// <summary>Ends the wait for the client's bytes that is under way, or the next one. Only for <see cref="ConnectionDeadlines"/>.</summary>
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

        // Whoever stops first says so and then interrupts: one of the two is seen.
        Interlocked.MemoryBarrier();
    }

    public void Dispose()
    {
        ReleaseSocket();
        socket.Dispose();
    }

    /// <summary>Leaves the socket to somebody else.</summary>
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
        RegisterDeadline(long.MaxValue);
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

    /// <summary>Lets the client's time be looked after.</summary>
    private void RegisterDeadline(long deadline)
    {
        Volatile.Write(ref _deadline, deadline);
        if (_isRegistered)
        {
            return;
        }

        if (_tls is null && loops is not null)
        {
            _awaiter = new SocketReadAwaiter(loops.LeastLoaded.Epoll, socket);
        }
        else
        {
            _interruption = new CancellationTokenSource();
        }

        _isRegistered = true;
        links.Add(this);
    }
}
