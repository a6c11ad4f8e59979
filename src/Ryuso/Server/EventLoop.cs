using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>
/// Waits for its share of the sockets and goes on to read, run and answer what has come, all on one thread,
/// since a change of threads costs more than all that. Which thread that is <see cref="EventLoops"/> says.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    // Who is answered at once mostly asks again within this time, and to sleep and be woken takes longer.
    private static readonly long Glance = Stopwatch.Frequency / 50_000;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly ILogger _logger;
    private readonly Alarm _alarm = new();

    // Who leads, how far it is with what it has found, and whether it is busy with one of these.
    private readonly Lock _gate = new();
    private readonly LoopWork _work = new();
    private Thread? _leader;
    private long _served;
    private bool _isServing;
    private bool _isClosed;
    private bool _isAsleep;
    private bool _isGlancing = true;
    private bool _comesAgain;

    public EventLoop(EventLoops loops, ILogger logger)
    {
        Loops = loops;
        _logger = logger;
        Epoll.Watch(_alarm.Handle, _alarm, onlyChanges: true);
    }

    /// <summary>The one whose work this thread does; null on any other thread.</summary>
    public static EventLoop? Current => _current;

    /// <summary>It and its like.</summary>
    public EventLoops Loops { get; }

    /// <summary>Whom it waits for.</summary>
    public Epoll Epoll { get; } = new();

    /// <summary>Has something done by whoever leads.</summary>
    public void Post(Urgency urgency, IThreadPoolWorkItem work)
    {
        bool isAsleep;
        lock (_gate)
        {
            _work.Add(urgency, work);
            isAsleep = _isAsleep;
            _isAsleep = false;
            if (_isClosed)
            {
                _work.Drain();
                return;
            }
        }

        if (isAsleep)
        {
            _alarm.Ring();
        }
    }

    /// <summary>Does its work on this thread, until another one leads or it has ended.</summary>
    public void Lead()
    {
        _current = this;
        bool hasLooked = false;
        while (TryTake(ref hasLooked, out object? taken, out bool hasEnded))
        {
            try
            {
                switch (taken)
                {
                    case Watched watched:
                        watched.Ready(hasEnded);
                        break;
                    case IThreadPoolWorkItem work:
                        work.Execute();
                        break;
                    default:
                        Look();
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

        _current = null;
    }

    /// <summary>Gives the lead to the calling thread, where the leader has been with the same since the last look.</summary>
    /// <param name="seen">How far it was then, and is now.</param>
    /// <param name="isIdle">Whether there is nothing that it could be held by.</param>
    public bool TryTakeLead(ref long seen, out bool isIdle)
    {
        lock (_gate)
        {
            bool hasMoved = seen != _served;
            seen = _served;
            isIdle = !hasMoved && !_isServing;
            if (hasMoved || isIdle || _isClosed)
            {
                return false;
            }

            _leader = Thread.CurrentThread;
            return true;
        }
    }

    public void LeadBy(Thread thread) => _leader = thread;

    /// <summary>Nobody may be waited for any more. Ends <see cref="Lead"/>.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _work.Drain();
        }

        _alarm.Ring();
    }

    /// <summary>Only where no thread leads any more.</summary>
    public void Dispose()
    {
        Epoll.Dispose();
        _alarm.Dispose();
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
    private bool TryTake(ref bool hasLooked, out object? taken, out bool hasEnded)
    {
        lock (_gate)
        {
            taken = null;
            hasEnded = false;
            if (_isClosed || _leader != Thread.CurrentThread)
            {
                return false;
            }

            if (_work.TryTakeUrgent(out IThreadPoolWorkItem? work))
            {
                taken = work;
            }
            else if (Epoll.TryTake(out Watched watched, out hasEnded))
            {
                taken = watched;
                _comesAgain = watched.ComesAgain;
            }
            else
            {
                taken = hasLooked && _work.TryTakeRest(out work) ? work : null;
                hasLooked = taken is null;
            }

            // Once the lock is left another thread may lead.
            _isServing = taken is not null;
            _served++;
        }

        if (taken is not null)
        {
            Loops.Activate();
        }

        return true;
    }

    /// <summary>Looks at the sockets; where nothing has come and nothing else is to be done, for a little while, and then asleep until there is something.</summary>
    private void Look()
    {
        long began = Stopwatch.GetTimestamp();
        if ((!_work.IsEmpty && Epoll.TryFind(wait: false)) || !_work.IsEmpty || (_isGlancing && _comesAgain && TryGlance(began)))
        {
            return;
        }

        lock (_gate)
        {
            if (!_work.IsEmpty || _isClosed)
            {
                return;
            }

            _isAsleep = true;
        }

        Epoll.TryFind(wait: true);
        Volatile.Write(ref _isAsleep, false);
        _isGlancing = Stopwatch.GetTimestamp() - began < 2 * Glance;
    }

    /// <summary>Looks again and again for a little while, unless another loop does. Whether there is something to do.</summary>
    private bool TryGlance(long began)
    {
        if (!Loops.TryEnterGlance())
        {
            return false;
        }

        try
        {
            do
            {
                if (Epoll.TryFind(wait: false) || !_work.IsEmpty)
                {
                    return true;
                }

                // Whoever else wants this processor goes first: a client perhaps.
                Thread.SpinWait(20);
                Thread.Yield();
            }
            while (Stopwatch.GetTimestamp() - began < Glance);
        }
        finally
        {
            Loops.LeaveGlance();
        }

        return false;
    }

    /// <summary>Wakes the leader; that there is something to tell is all that it tells.</summary>
    private sealed class Alarm : Watched, IDisposable
    {
        public Microsoft.Win32.SafeHandles.SafeFileHandle Handle { get; } = LinuxCalls.NewEvent();

        public void Ring()
        {
            try
            {
                LinuxCalls.Signal(Handle);
            }
            catch (ObjectDisposedException)
            {
                // What was to be told has been done, and all threads have ended.
            }
        }

        public void Dispose() => Handle.Dispose();

        public override void Ready(bool hasEnded)
        {
        }
    }
}
