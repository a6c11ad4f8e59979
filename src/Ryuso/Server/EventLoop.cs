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

    // The more, the less the lane stands still, and the longer the others wait.
    private const int MostInARow = 8;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly ILogger _logger;
    private readonly Alarm _alarm = new();

    // Who leads, how far it is with what it has found, and whether it is busy with one of these.
    private readonly Lock _gate = new();
    private readonly Queue<IThreadPoolWorkItem> _turns = new();
    private readonly Queue<IThreadPoolWorkItem> _answers = new();
    private readonly Queue<IThreadPoolWorkItem> _rest = new();
    private int _posted;
    private int _inARow;
    private Thread? _leader;
    private long _served;
    private bool _isServing;
    private bool _isClosed;
    private bool _isAsleep;
    private bool _isGlancing = true;

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

    /// <summary>Does something before anything else, since it holds the lane.</summary>
    public void PostTurn(IThreadPoolWorkItem turn) => Post(_turns, turn);

    /// <summary>Does something as soon as no turn waits.</summary>
    public void PostAnswer(IThreadPoolWorkItem answer) => Post(_answers, answer);

    /// <summary>Does something once it has seen to everybody else.</summary>
    public void PostRest(IThreadPoolWorkItem rest) => Post(_rest, rest);

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
            Drain(_turns);
            Drain(_answers);
            Drain(_rest);
        }

        _alarm.Ring();
    }

    /// <summary>Only where no thread leads any more.</summary>
    public void Dispose()
    {
        Epoll.Dispose();
        _alarm.Dispose();
    }

    private static void Drain(Queue<IThreadPoolWorkItem> queue)
    {
        while (queue.TryDequeue(out IThreadPoolWorkItem? work))
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }

    private void Post(Queue<IThreadPoolWorkItem> queue, IThreadPoolWorkItem work)
    {
        bool isAsleep;
        lock (_gate)
        {
            queue.Enqueue(work);
            _posted++;
            isAsleep = _isAsleep;
            _isAsleep = false;
            if (_isClosed)
            {
                Drain(queue);
                return;
            }
        }

        if (isAsleep)
        {
            _alarm.Ring();
        }
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

            if (TryTakePosted(out IThreadPoolWorkItem? work))
            {
                taken = work;
            }
            else if (Epoll.TryTake(out Watched watched, out hasEnded))
            {
                taken = watched;
            }
            else
            {
                taken = hasLooked && _rest.TryDequeue(out work) ? work : null;
                hasLooked = taken is null;
            }

            _posted = _turns.Count + _answers.Count + _rest.Count;

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

    /// <summary>Turns first, then answers. But clients of other loops can keep turns coming for ever: of many in a row one lets answers go first, and then both let the rest go.</summary>
    private bool TryTakePosted(out IThreadPoolWorkItem? work)
    {
        (Queue<IThreadPoolWorkItem> first, Queue<IThreadPoolWorkItem> second) = _inARow == MostInARow / 2 ? (_answers, _turns) : (_turns, _answers);
        work = null;
        bool isTaken = _inARow < MostInARow && (first.TryDequeue(out work) || second.TryDequeue(out work));
        _inARow = isTaken ? _inARow + 1 : 0;
        return isTaken;
    }

    /// <summary>Looks at the sockets; where nothing has come and nothing else is to be done, for a little while, and then asleep until there is something.</summary>
    private void Look()
    {
        long began = Stopwatch.GetTimestamp();
        if ((HasWork && Epoll.TryFind(wait: false)) || HasWork || (_isGlancing && TryGlance(began)))
        {
            return;
        }

        lock (_gate)
        {
            if (_posted > 0 || _isClosed)
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
                if (Epoll.TryFind(wait: false) || HasWork)
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

    private bool HasWork => Volatile.Read(ref _posted) > 0;

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
