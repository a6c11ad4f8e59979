using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Loops;

/// <summary>
/// Waits for its share of the sockets and goes on to read, run and answer what has come, all on one thread,
/// since a change of threads costs more than all that. Which thread that is <see cref="EventLoopGroup"/> says.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    // Who is answered at once mostly asks again within this time, and to sleep and be woken takes longer.
    private static readonly long s_busyPollDuration = Stopwatch.Frequency / 50_000;

    [ThreadStatic]
    private static EventLoop? s_current;

    private readonly ILogger _logger;
    private readonly WakeupEvent _wakeup = new();

    // Who leads, how far it is with what it has found, and whether it is busy with one of these.
    private readonly Lock _gate = new();
    private readonly LoopQueue _queue = new();
    private Thread? _leader;
    private long _iteration;
    private bool _isBusy;
    private bool _isClosed;
    private bool _isParked;
    private bool _busyPollPays = true;
    private bool _expectsMoreSoon;

    public EventLoop(EventLoopGroup loops, ILogger logger)
    {
        Group = loops;
        _logger = logger;
        Epoll.Register(_wakeup.Handle, _wakeup, onlyChanges: true);
    }

    /// <summary>The one whose work this thread does; null on any other thread.</summary>
    public static EventLoop? Current => s_current;

    /// <summary>It and its like.</summary>
    public EventLoopGroup Group { get; }

    /// <summary>Whom it waits for.</summary>
    public Epoll Epoll { get; } = new();

    /// <summary>Has something done by whoever leads.</summary>
    public void Post(WorkPriority urgency, IThreadPoolWorkItem work)
    {
        bool isAsleep;
        lock (_gate)
        {
            _queue.Add(urgency, work);
            isAsleep = _isParked;
            _isParked = false;
            if (_isClosed)
            {
                _queue.Drain();
                return;
            }
        }

        if (isAsleep)
        {
            _wakeup.Signal();
        }
    }

    /// <summary>Does its work on this thread, until another one leads or it has ended.</summary>
    public void Lead()
    {
        s_current = this;
        bool hasLooked = false;
        while (TryTakeNext(ref hasLooked, out object? taken, out bool hasEnded))
        {
            try
            {
                switch (taken)
                {
                    case EpollHandler watched:
                        watched.OnReadable(hasEnded);
                        break;
                    case IThreadPoolWorkItem work:
                        work.Execute();
                        break;
                    default:
                        PollOrPark();
                        break;
                }
            }
#pragma warning disable CA1031 // Whatever one client does, the next client is served.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log(exception);
            }
        }

        s_current = null;
    }

    /// <summary>Gives the lead to the calling thread, where the leader has been with the same since the last look.</summary>
    /// <param name="seen">How far it was then, and is now.</param>
    /// <param name="isIdle">Whether there is nothing that it could be held by.</param>
    public bool TryTakeLead(ref long seen, out bool isIdle)
    {
        lock (_gate)
        {
            bool hasMoved = seen != _iteration;
            seen = _iteration;
            isIdle = !hasMoved && !_isBusy;
            if (hasMoved || isIdle || _isClosed)
            {
                return false;
            }

            _leader = Thread.CurrentThread;
            return true;
        }
    }

    public void SetLeader(Thread thread) => _leader = thread;

    /// <summary>Nobody may be waited for any more. Ends <see cref="Lead"/>.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _queue.Drain();
        }

        _wakeup.Signal();
    }

    /// <summary>Only where no thread leads any more.</summary>
    public void Dispose()
    {
        Epoll.Dispose();
        _wakeup.Dispose();
    }

    private void Log(Exception exception)
    {
        try
        {
            ServerLog.RequestFailed(_logger, exception);
        }
#pragma warning disable CA1031 // A log that fails may be what has failed before.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>The next that there is to see to; null for a look at the sockets. False where another thread leads by now.</summary>
    private bool TryTakeNext(ref bool hasLooked, out object? taken, out bool hasEnded)
    {
        lock (_gate)
        {
            taken = null;
            hasEnded = false;
            if (_isClosed || _leader != Thread.CurrentThread)
            {
                return false;
            }

            if (_queue.TryTakeUrgent(out IThreadPoolWorkItem? work))
            {
                taken = work;
            }
            else if (Epoll.TryDequeueEvent(out EpollHandler watched, out hasEnded))
            {
                taken = watched;
                _expectsMoreSoon = watched.ExpectsMoreSoon;
            }
            else
            {
                taken = hasLooked && _queue.TryTakeBackground(out work) ? work : null;
                hasLooked = taken is null;
            }

            // Once the lock is left another thread may lead.
            _isBusy = taken is not null;
            _iteration++;
        }

        if (taken is not null)
        {
            Group.NotifyActivity();
        }

        return true;
    }

    /// <summary>Looks at the sockets; where nothing has come and nothing else is to be done, for a little while, and then asleep until there is something.</summary>
    private void PollOrPark()
    {
        long began = Stopwatch.GetTimestamp();
        if ((!_queue.IsEmpty && Epoll.Poll(wait: false)) || !_queue.IsEmpty || (_busyPollPays && _expectsMoreSoon && TryBusyPoll(began)))
        {
            return;
        }

        lock (_gate)
        {
            if (!_queue.IsEmpty || _isClosed)
            {
                return;
            }

            _isParked = true;
        }

        Epoll.Poll(wait: true);
        Volatile.Write(ref _isParked, false);
        _busyPollPays = Stopwatch.GetTimestamp() - began < 2 * s_busyPollDuration;
    }

    /// <summary>Looks again and again for a little while, unless another loop does. Whether there is something to do.</summary>
    private bool TryBusyPoll(long began)
    {
        if (!Group.TryEnterBusyPoll())
        {
            return false;
        }

        try
        {
            do
            {
                if (Epoll.Poll(wait: false) || !_queue.IsEmpty)
                {
                    return true;
                }

                // Whoever else wants this processor goes first: a client perhaps.
                Thread.SpinWait(20);
                Thread.Yield();
            }
            while (Stopwatch.GetTimestamp() - began < s_busyPollDuration);
        }
        finally
        {
            Group.LeaveBusyPoll();
        }

        return false;
    }

    /// <summary>Wakes the leader; that there is something to tell is all that it tells.</summary>
    private sealed class WakeupEvent : EpollHandler, IDisposable
    {
        public Microsoft.Win32.SafeHandles.SafeFileHandle Handle { get; } = LinuxNative.NewEvent();

        public void Signal()
        {
            try
            {
                LinuxNative.Signal(Handle);
            }
            catch (ObjectDisposedException)
            {
                // What was to be told has been done, and all threads have ended.
            }
        }

        public void Dispose() => Handle.Dispose();

        public override void OnReadable(bool hasEnded)
        {
        }
    }
}
