using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Loops;

/// <summary>
/// The server's threads: each leads a loop but one, which takes the lead of a loop whose leader a hook holds.
/// A loop runs only what was fast before, and one run goes on at a time, so one spare thread is enough.
/// What may take long without a hook (a large request) goes to the thread pool.
/// </summary>
/// <remarks>
/// The spare thread sleeps while there is nothing to be held by. It cannot miss the start of something: a leader takes an item under its
/// loop's gate and then sets <c>_active</c>; the spare thread resets <c>_active</c> first and then looks, under the same gate. Where
/// it looks before the item is taken, the leader sets <c>_active</c> after the reset; where it looks after, it sees the leader busy.
/// The loops are disposed of by the last thread that may use them (<c>_users</c>).
/// </remarks>
[DebuggerDisplay("{_loops.Length} loops, {_users} users")]
internal sealed class EventLoopGroup : IDisposable
{
    private readonly ManualResetEventSlim _closing = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _active = new(initialState: false, spinCount: 0);
    private readonly EventLoop[] _loops;
    private readonly Thread[] _threads;

    // The threads, and the owner until it disposes.
    private int _users = 1;
    private int _busyPolling;

    public EventLoopGroup(ILogger logger)
    {
        int count = Math.Clamp(Environment.ProcessorCount, 1, ServerTuning.MaxLoops);
        _loops = [.. Enumerable.Range(0, count).Select(_ => new EventLoop(this, logger))];
        _threads =
        [
            .. Enumerable.Range(1, count + 1).Select(i => new Thread(RunThread) { IsBackground = true, Name = $"Ryuso server {i}" }),
        ];
    }

    /// <summary>Whether this system has epoll and eventfd.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>
    /// The loop that this thread leads; null on any other thread, also on one of another server, whose hook may be running there.
    /// </summary>
    public EventLoop? Current => EventLoop.Current is { } current && current.Group == this ? current : null;

    /// <summary>The loop that accepts connections.</summary>
    public EventLoop AcceptLoop => _loops[0];

    /// <summary>The loop of the clients that pipeline: on two loops they would only wait for the lane.</summary>
    public EventLoop PipelineLoop => _loops[^1];

    /// <summary>The loop with the fewest sockets.</summary>
    public EventLoop LeastLoaded => _loops.MinBy(loop => loop.Epoll.Count)!;

    public void Start()
    {
        _users += _threads.Length;
        for (int i = 0; i < _threads.Length; i++)
        {
            EventLoop? own = i < _loops.Length ? _loops[i] : null;
            own?.SetLeader(_threads[i]);
            _threads[i].UnsafeStart(own);
        }
    }

    /// <summary>A leader has begun something that may hold it.</summary>
    public void NotifyActivity()
    {
        if (!_active.IsSet)
        {
            _active.Set();
        }
    }

    /// <summary>Whether the caller may busy-poll: one loop at a time, since it takes the time of others.</summary>
    public bool TryEnterBusyPoll() =>
        Environment.ProcessorCount > 1 && Volatile.Read(ref _busyPolling) == 0 && Interlocked.Exchange(ref _busyPolling, 1) == 0;

    public void LeaveBusyPoll() => Volatile.Write(ref _busyPolling, 0);

    /// <summary>Ends all threads. No socket may be waited for any more.</summary>
    public void Dispose()
    {
        if (_closing.IsSet)
        {
            return;
        }

        _closing.Set();
        _active.Set();
        Array.ForEach(_loops, loop => loop.Close());
        ReleaseUse();
    }

    private void RunThread(object? loop)
    {
        var led = (EventLoop?)loop;
        while (!_closing.IsSet)
        {
            led?.Lead();
            led = WatchForStalledLeaders();
        }

        ReleaseUse();
    }

    /// <summary>The last thread that may use the loops disposes of them.</summary>
    private void ReleaseUse()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Array.ForEach(_loops, loop => loop.Dispose());
        }
    }

    /// <summary>
    /// Checks periodically whether the leaders make progress, as long as there is work. The loop to lead, where one does not; null at the
    /// end.
    /// </summary>
    private EventLoop? WatchForStalledLeaders()
    {
        long[] seen = new long[_loops.Length];
        while (!_closing.IsSet)
        {
            _active.Wait();
            _active.Reset();
            do
            {
                bool areIdle = true;
                for (int i = 0; i < _loops.Length; i++)
                {
                    if (_loops[i].TryTakeLead(ref seen[i], out bool isIdle))
                    {
                        _active.Set();
                        return _loops[i];
                    }

                    areIdle &= isIdle;
                }

                if (areIdle)
                {
                    break;
                }

                NotifyActivity();
            }
            while (!_closing.Wait(ServerTuning.StallCheckInterval));
        }

        return null;
    }
}
