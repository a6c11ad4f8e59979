using System.Diagnostics;

namespace Ryuso.Server.Transport;

/// <summary>The connections whose clients are waited for. A periodic check ends the waits that last too long.</summary>
/// <remarks>
/// The gate guards the list and its links. A stop and a wait that begins meanwhile cannot miss each other (Dekker): <see cref="Stop"/>
/// writes the flag, then interrupts; a waiter resumes (<see cref="SocketTransport.Resume"/>), then reads the flag; both have a full
/// fence between, so that one of the two sees the other. A transport is removed from the list before its cancellation source is
/// disposed of, both by the transport itself: the timer, which interrupts under the gate, never meets a disposed one.
/// </remarks>
[DebuggerDisplay("stopping {_isStopping}, aborting {_isAborting}")]
internal sealed class ConnectionDeadlines : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly ITimer _timer;
    private SocketTransport? _first;
    private bool _isStopping;
    private bool _isAborting;

    public ConnectionDeadlines(TimeProvider time, TimeSpan shortestLimit)
    {
        _time = time;
        _started = time.GetTimestamp();
        TimeSpan period = TimeSpan.FromMilliseconds(Math.Clamp(shortestLimit.TotalMilliseconds / 4, 5, 250));
        _timer = time.CreateTimer(static state => ((ConnectionDeadlines)state!).InterruptExpired(), this, period, period);
    }

    /// <summary>The time, in milliseconds.</summary>
    public long Now => (long)_time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>Whether the server stops: no request that becomes complete from now on is run.</summary>
    public bool IsStopping => Volatile.Read(ref _isStopping);

    /// <summary>Whether the server has given up: no client is waited for.</summary>
    public bool IsAborting => Volatile.Read(ref _isAborting);

    /// <summary>A timeout on the same clock, not running yet.</summary>
    public CancellationTokenSource CreateTimeout() => new(Timeout.InfiniteTimeSpan, _time);

    public void Add(SocketTransport transport)
    {
        lock (_gate)
        {
            Debug.Assert(transport is { Next: null, Previous: null } && transport != _first, "A transport is in the list once.");
            transport.Next = _first;
            _first?.Previous = transport;
            _first = transport;
            if (_isAborting)
            {
                transport.Socket.Dispose();
            }

            if (_isStopping || _isAborting)
            {
                transport.Interrupt();
            }
        }
    }

    public void Remove(SocketTransport transport)
    {
        lock (_gate)
        {
            transport.Next?.Previous = transport.Previous;
            transport.Previous?.Next = transport.Next;
            _first = _first == transport ? transport.Next : _first;
            transport.Next = transport.Previous = null;
        }
    }

    /// <summary>Ends every wait, so that each connection sees <see cref="IsStopping"/>.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isStopping, true);
            Interlocked.MemoryBarrier();
            for (SocketTransport? transport = _first; transport is not null; transport = transport.Next)
            {
                transport.Interrupt();
            }
        }
    }

    /// <summary>Closes every socket.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isAborting, true);
            for (SocketTransport? transport = _first; transport is not null; transport = transport.Next)
            {
                transport.Socket.Dispose();
                transport.Interrupt();
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void InterruptExpired()
    {
        long now = Now;
        lock (_gate)
        {
            for (SocketTransport? transport = _first; transport is not null; transport = transport.Next)
            {
                if (transport.Deadline <= now)
                {
                    transport.Interrupt();
                }
            }
        }
    }
}
