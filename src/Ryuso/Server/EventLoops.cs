using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>
/// The server's threads: each leads a loop but one, which watches, and takes the lead of a loop whose leader is held by a hook.
/// A loop runs only what was quick before, and one run goes on at a time, so one is enough.
/// What may take long without a hook (a large request) goes to the pool.
/// </summary>
internal sealed class EventLoops : IDisposable
{
    // More would only wait for one another: a tenth of a request's time is its run, and those go one by one.
    private const int Most = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly ManualResetEventSlim _closing = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _active = new(initialState: false, spinCount: 0);
    private readonly EventLoop[] _loops;
    private readonly Thread[] _threads;

    // The threads, and whoever disposes.
    private int _users = 1;
    private int _glancing;

    public EventLoops(ILogger logger)
    {
        _loops = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, Most)).Select(_ => new EventLoop(this, logger))];
        _threads = [.. Enumerable.Range(0, _loops.Length + 1).Select(i => new Thread(Work) { IsBackground = true, Name = $"Ryuso server {i + 1}" })];
    }

    /// <summary>Whether this system has what it takes.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The one whose work this thread does; null on any other thread, also on one of another server, whose hook may be what goes on there.</summary>
    public EventLoop? Current => EventLoop.Current is { } current && current.Loops == this ? current : null;

    /// <summary>The one that waits for newcomers.</summary>
    public EventLoop First => _loops[0];

    /// <summary>The one that waits for those who keep the lane busy: side by side they would only wait for one another.</summary>
    public EventLoop Last => _loops[^1];

    /// <summary>The one that waits for the fewest.</summary>
    public EventLoop Idlest => _loops.MinBy(loop => loop.Epoll.Count)!;

    public void Start()
    {
        _users += _threads.Length;
        for (int i = 0; i < _threads.Length; i++)
        {
            EventLoop? own = i < _loops.Length ? _loops[i] : null;
            own?.LeadBy(_threads[i]);
            _threads[i].UnsafeStart(own);
        }
    }

    /// <summary>There is something that a leader may be held by.</summary>
    public void Activate()
    {
        if (!_active.IsSet)
        {
            _active.Set();
        }
    }

    /// <summary>Whether the caller may look for work without sleeping: one at a time, since it takes the time of others.</summary>
    public bool TryEnterGlance() => Environment.ProcessorCount > 1 && Volatile.Read(ref _glancing) == 0 && Interlocked.Exchange(ref _glancing, 1) == 0;

    public void LeaveGlance() => Volatile.Write(ref _glancing, 0);

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
        Leave();
    }

    private void Work(object? loop)
    {
        var led = (EventLoop?)loop;
        while (!_closing.IsSet)
        {
            led?.Lead();
            led = StandBy();
        }

        Leave();
    }

    /// <summary>The last one who may use the loops closes them.</summary>
    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Array.ForEach(_loops, loop => loop.Dispose());
        }
    }

    /// <summary>Looks now and then whether the leaders go on, as long as there are clients. The loop to lead, where one does not; null at the end.</summary>
    private EventLoop? StandBy()
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

                Activate();
            }
            while (!_closing.Wait(Pause));
        }

        return null;
    }
}
