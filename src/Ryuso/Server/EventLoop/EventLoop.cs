using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Loops;

/// <summary>
/// Waits for its share of the sockets and goes on to read, run and answer what has come, all on one thread,
/// since a change of threads costs more than all that. <see cref="EventLoopGroup"/> decides which thread leads.
/// </summary>
/// <remarks>
/// <para>Leader/Followers: one thread leads a loop; a spare one takes the lead from a leader that a hook holds.</para>
/// <para>
/// The gate guards all fields but the last two. What is read or written without it, and why that is right:
/// <c>_queue.IsEmpty</c> in <see cref="PollOrPark"/> is a hint, looked at again under the gate before the loop parks;
/// <c>_isParked</c> is cleared without the gate once awake: a Post that still sees it set signals once too often;
/// the epoll is polled without the gate, since only the leader polls and leadership never moves inside PollOrPark, where <c>_isBusy</c>
/// is false (<see cref="TryTakeLead"/> leaves such a leader alone). <c>_busyPollPays</c> and <c>_expectsMoreSoon</c> are the leader's.
/// </para>
/// <para>
/// A lost wake-up is impossible: Post adds under the gate and then looks at <c>_isParked</c>; the leader sets it under the gate after it
/// has found the queue empty. One of the two sees the other. The eventfd is never read: it is registered edge-triggered, so that each
/// write is one event.
/// </para>
/// <para>A thread that has lost the lead finishes the hook that holds it; until then <see cref="Current"/> still names the loop.</para>
/// </remarks>
[DebuggerDisplay("{Epoll.Count} sockets, iteration {_iteration}, parked {_isParked}, busy {_isBusy}, queue {_queue}")]
internal sealed class EventLoop : IDisposable
{
    [ThreadStatic]
    private static EventLoop? s_current;

    private readonly ILogger _logger;
    private readonly WakeupEvent _wakeup = new();

    private readonly Lock _gate = new();
    private readonly LoopQueue _queue = new();
    private Thread? _leader;
    private long _iteration;
    private bool _isBusy;
    private bool _isClosed;
    private bool _isParked;

    // The leader's.
    private bool _busyPollPays = true;
    private bool _expectsMoreSoon;

    public EventLoop(EventLoopGroup loops, ILogger logger)
    {
        Group = loops;
        _logger = logger;
        Epoll.Register(_wakeup.Handle, _wakeup, onlyChanges: true);
    }

    /// <summary>The loop that this thread leads; null on any other thread.</summary>
    public static EventLoop? Current => s_current;

    /// <summary>The group this loop belongs to.</summary>
    public EventLoopGroup Group { get; }

    /// <summary>The sockets this loop polls.</summary>
    public Epoll Epoll { get; } = new();

    /// <summary>Queues work for the leader; for the thread pool once the loop is closed.</summary>
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

    /// <summary>Leads the loop on this thread, until another thread leads or the loop is closed.</summary>
    public void Lead()
    {
        s_current = this;
        bool hasLooked = false;
        while (TryTakeNext(ref hasLooked, out object? taken, out bool hasEnded))
        {
            Debug.Assert(taken is null or EpollHandler or IThreadPoolWorkItem, "There is nothing else to do.");
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
            catch (Win32Exception exception) when (taken is null)
            {
                // It may fail again at once: without the pause the loop would spin.
                Log(exception, static (logger, failure) => ServerLog.PollFailed(logger, failure));
                Thread.Sleep(ServerTuning.EpollErrorPause);
            }
#pragma warning disable CA1031 // Whatever one client does, the next client is served.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log(exception, static (logger, failure) => ServerLog.RequestFailed(logger, failure));
            }
        }

        s_current = null;
    }

    /// <summary>Makes the calling thread the leader if the current leader has made no progress since the last check.</summary>
    /// <param name="seen">The iteration of the last check; becomes the current one.</param>
    /// <param name="isIdle">Whether the leader waits for sockets, so that nothing can hold it.</param>
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

    /// <summary>Ends <see cref="Lead"/>. No socket may be waited for any more.</summary>
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

    private void Log(Exception exception, Action<ILogger, Exception> write)
    {
        try
        {
            write(_logger, exception);
        }
#pragma warning disable CA1031 // A log that fails may be what has failed before.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>
    /// The next thing to do; null to look at the sockets. False where another thread leads by now, or the loop is closed.
    /// </summary>
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

    /// <summary>
    /// Looks at the sockets; where nothing has come and nothing is queued, polls for a short time and then parks until something comes.
    /// </summary>
    private void PollOrPark()
    {
        Debug.Assert(Current == this && !_isBusy, "Only the leader polls, and it is not busy meanwhile.");
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

        try
        {
            Epoll.Poll(wait: true);
        }
        finally
        {
            Volatile.Write(ref _isParked, false);
        }

        _busyPollPays = Stopwatch.GetTimestamp() - began < 2 * ServerTuning.BusyPollTicks;
    }

    /// <summary>Polls for a short time, unless another loop does so. Whether there is something to do.</summary>
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

                // Another process that waits for this processor goes first: a client perhaps.
                Thread.SpinWait(20);
                Thread.Yield();
            }
            while (Stopwatch.GetTimestamp() - began < ServerTuning.BusyPollTicks);
        }
        finally
        {
            Group.LeaveBusyPoll();
        }

        return false;
    }

    /// <summary>Wakes the leader out of its poll (an eventfd).</summary>
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
                // All threads have ended, and the pool does what was queued.
            }
        }

        public void Dispose() => Handle.Dispose();

        public override void OnReadable(bool hasEnded)
        {
        }
    }
}
