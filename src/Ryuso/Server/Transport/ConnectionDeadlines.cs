namespace Ryuso.Server.Transport;

/// <summary>The links whose clients are waited for. One periodic look ends the waits that last too long.</summary>
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

    /// <summary>No request that becomes complete from now on is run.</summary>
    public bool IsStopping => Volatile.Read(ref _isStopping);

    /// <summary>Nobody is waited for any more.</summary>
    public bool IsAborting => Volatile.Read(ref _isAborting);

    /// <summary>Something that ends a wait, not running yet.</summary>
    public CancellationTokenSource CreateTimeout() => new(Timeout.InfiniteTimeSpan, _time);

    public void Add(SocketTransport link)
    {
        lock (_gate)
        {
            link.Next = _first;
            _first?.Previous = link;
            _first = link;
            if (_isAborting)
            {
                link.Socket.Dispose();
            }

            if (_isStopping || _isAborting)
            {
                link.Interrupt();
            }
        }
    }

    public void Remove(SocketTransport link)
    {
        lock (_gate)
        {
            link.Next?.Previous = link.Previous;
            link.Previous?.Next = link.Next;
            _first = _first == link ? link.Next : _first;
            link.Next = link.Previous = null;
        }
    }

    /// <summary>Ends every wait, so that whoever waits sees <see cref="IsStopping"/>.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isStopping, true);
            Interlocked.MemoryBarrier();
            for (SocketTransport? link = _first; link is not null; link = link.Next)
            {
                link.Interrupt();
            }
        }
    }

    /// <summary>Cuts every link.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isAborting, true);
            for (SocketTransport? link = _first; link is not null; link = link.Next)
            {
                link.Socket.Dispose();
                link.Interrupt();
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void InterruptExpired()
    {
        long now = Now;
        lock (_gate)
        {
            for (SocketTransport? link = _first; link is not null; link = link.Next)
            {
                if (link.Deadline <= now)
                {
                    link.Interrupt();
                }
            }
        }
    }
}
