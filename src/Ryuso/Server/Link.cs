using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Ryuso;

/// <summary>A client's end of the wire: a socket, with TLS or without, whose waits end in time.</summary>
internal sealed class Link(Links links, Socket socket, EventLoops? loops) : IDisposable
{
    private SslStream? _tls;
    private bool _hasReceived;
    private bool _isListed;
    private Readiness? _readiness;
    private CancellationTokenSource? _cut;
    private CancellationTokenSource? _sendLimit;
    private long _deadline = long.MaxValue;

    public Link? Next { get; set; }

    public Link? Previous { get; set; }

    public Socket Socket => socket;

    /// <summary>When whoever waits for the client gives up, as <see cref="Links.Now"/> tells the time.</summary>
    public long Deadline => Volatile.Read(ref _deadline);

    /// <summary>Turns to TLS.</summary>
    public async ValueTask SecureAsync(SslServerAuthenticationOptions options, long deadline)
    {
        // A stream accepts no other socket, though it waits for none of its own accord.
        socket.Blocking = true;
        _tls = new SslStream(new NetworkStream(socket));
        Enlist(deadline);
        await _tls.AuthenticateAsServerAsync(options, _cut!.Token).ConfigureAwait(false);
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
        return _tls is null && NonBlocking.TryReceive(socket, room, out count);
    }

    /// <summary>Sends what the client takes at once. How much that is, and none with TLS.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes, bool isLast = false) => _tls is null ? NonBlocking.TrySend(socket, bytes, isLast) : 0;

    /// <param name="bytes">What to send.</param>
    /// <param name="isLast">Whether <see cref="FinishAsync"/> or the link's end follows at once.</param>
    /// <param name="limit">How long the client may take.</param>
    /// <exception cref="OperationCanceledException">The client does not take it in time.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isLast, TimeSpan limit)
    {
        bytes = bytes[TrySend(bytes.Span, isLast)..];
        return bytes.IsEmpty ? default : SendRestAsync(bytes, limit);
    }

    /// <summary>Nothing more will be sent.</summary>
    public async ValueTask FinishAsync(TimeSpan limit)
    {
        if (_tls is not null)
        {
            await _tls.ShutdownAsync().WaitAsync(limit).ConfigureAwait(false);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Waits from now on where the others do that keep the lane busy.</summary>
    public void Gather() => _readiness?.MoveTo(loops!.Last.Epoll);

    /// <summary>Ends the wait for the client's bytes that is under way, or the next one. Only for <see cref="Links"/>.</summary>
    public void Interrupt()
    {
        _readiness?.Interrupt();
        _cut?.CancelAsync();
    }

    /// <summary>Waits may begin anew.</summary>
    public void Resume()
    {
        _readiness?.Resume();
        if (_cut is { IsCancellationRequested: true })
        {
            _cut.Dispose();
            _cut = new CancellationTokenSource();
        }

        // Whoever stops first says so and then interrupts: one of the two is seen.
        Interlocked.MemoryBarrier();
    }

    public void Dispose()
    {
        Detach();
        socket.Dispose();
    }

    /// <summary>Leaves the socket to somebody else.</summary>
    public void Detach()
    {
        if (_isListed)
        {
            links.Remove(this);
        }

        if (_readiness is not null)
        {
            _readiness.Forget();
        }

        _cut?.Dispose();
        _sendLimit?.Dispose();
        _tls?.Dispose();
    }

    private ValueTask<int> WaitAsync(Memory<byte> room, long deadline)
    {
        Enlist(deadline);
        return _readiness?.ReceiveAsync(room) ?? WaitForStreamAsync(room, _cut!.Token);
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

    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes, TimeSpan limit)
    {
        Enlist(long.MaxValue);
        _sendLimit ??= links.NewLimit();
        _sendLimit.CancelAfter(limit);
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, _sendLimit.Token).ConfigureAwait(false);
        }
        else
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, _sendLimit.Token).ConfigureAwait(false)..];
            }
        }

        if (!_sendLimit.TryReset())
        {
            _sendLimit.Dispose();
            _sendLimit = null;
        }
    }

    /// <summary>Lets the client's time be looked after.</summary>
    private void Enlist(long deadline)
    {
        Volatile.Write(ref _deadline, deadline);
        if (_isListed)
        {
            return;
        }

        if (_tls is null && loops is not null)
        {
            _readiness = new Readiness(loops.Idlest.Epoll, socket);
        }
        else
        {
            _cut = new CancellationTokenSource();
        }

        _isListed = true;
        links.Add(this);
    }
}
