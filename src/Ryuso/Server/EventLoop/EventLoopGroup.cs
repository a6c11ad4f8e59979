using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Loops;

/// <summary>
/// The server's threads: each leads a loop but one, which watches, and takes the lead of a loop whose leader is held by a hook.
/// A loop runs only what was quick before, and one run goes on at a time, so one is enough.
/// What may take long without a hook (a large request) goes to the pool.
/// </summary>
internal sealed class EventLoopGroup : IDisposable
{
    // More would only wait for one another: a tenth of a request's time is its run, and those go one by one.
    private const int MaxLoops = 4;
    private static readonly TimeSpan s_stallCheckInterval = TimeSpan.FromMilliseconds(10);

    private readonly ManualResetEventSlim _closing = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _active = new(initialState: false, spinCount: 0);
    private readonly EventLoop[] _loops;
    private readonly Thread[] _threads;

    // The threads, and whoever disposes.
    private int _users = 1;
    private int _busyPolling;

    public EventLoopGroup(ILogger logger)
    {
        _loops = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, MaxLoops)).Select(_ => new EventLoop(this, logger))];
        _threads = [.. Enumerable.Range(0, _loops.Length + 1).Select(i => new Thread(RunThread) { IsBackground = true, Name = $"Ryuso server {i + 1}" })];
    }

    /// <summary>Whether this system has what it takes.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The one whose work this thread does; null on any other thread, also on one of another server, whose hook may be what goes on there.</summary>
    public EventLoop? Current => EventLoop.Current is { } current && current.Group == this ? current : null;

    /// <summary>The one that waits for newcomers.</summary>
    public EventLoop AcceptLoop => _loops[0];

    /// <summary>The one that waits for those who keep the lane busy: side by side they would only wait for one another.</summary>
    public EventLoop PipelineLoop => _loops[^1];

    /// <summary>The one that waits for the fewest.</summary>
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

    /// <summary>There is something that a leader may be held by.</summary>
    public void NotifyActivity()
    {
        if (!_active.IsSet)
        {
            _active.Set();
        }
    }

    /// <summary>Whether the caller may look for work without sleeping: one at a time, since it takes the time of others.</summary>
    public bool TryEnterBusyPoll() => Environment.ProcessorCount > 1 && Volatile.Read(ref _busyPolling) == 0 && Interlocked.Exchange(ref _busyPolling, 1) == 0;

    public void LeaveBusyPoll() => Volatile.Write(ref _busyPolling, 0);

    /// <summary>Ends all threads. Nobody may be waited for any more.</summary>
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

    /// <summary>The last one who may use the loops closes them.</summary>
    private void ReleaseUse()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Array.ForEach(_loops, loop => loop.Dispose());
        }
    }

    /// <summary>Looks now and then whether the leaders go on, as long as there are clients. The loop to lead, where one does not; null at the end.</summary>
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
            while (!_closing.Wait(s_stallCheckInterval));
        }

        return null;
    }
}
