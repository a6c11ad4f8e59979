using System.IO.Pipes;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>
/// The server's two threads. One leads: it waits for all sockets at once and goes on to read, run and answer what has come,
/// since a change of threads costs more than all that. It runs only what was quick before. The other one watches,
/// and takes the lead when a hook holds the leader all the same. What may take long without a hook (a large request,
/// a client that always has more) goes to the pool, so the second is held by none.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private readonly ILogger _logger;
    private readonly AnonymousPipeServerStream _wake = new(PipeDirection.In);
    private readonly ManualResetEventSlim _closing = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _active = new(initialState: false, spinCount: 0);
    private readonly Thread[] _threads;

    // Who leads, how far it is with what it has found, and whether it is busy with one of these.
    private readonly Lock _gate = new();
    private Thread _leader;
    private long _served;
    private bool _isServing;
    private int _working;

    public EventLoop(ILogger logger)
    {
        _logger = logger;
        _threads = [.. Enumerable.Range(1, 2).Select(i => new Thread(Work) { IsBackground = true, Name = $"Ryuso server {i}" })];
        _leader = _threads[0];
        Epoll.Watch(_wake.SafePipeHandle, new Alarm(), onlyChanges: false);
    }

    /// <summary>Whether this system has what it takes.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Whom it waits for.</summary>
    public Epoll Epoll { get; } = new();

    public void Start()
    {
        _working = _threads.Length;
        Array.ForEach(_threads, thread => thread.UnsafeStart());
    }

    /// <summary>Ends both threads. Nobody may be waited for any more.</summary>
    public void Dispose()
    {
        _closing.Set();
        _active.Set();
        _wake.DisposeLocalCopyOfClientHandle();
        if (Volatile.Read(ref _working) == 0)
        {
            Release();
        }
    }

    private void Work()
    {
        while (!_closing.IsSet)
        {
            if (_leader == Thread.CurrentThread)
            {
                Lead();
            }
            else
            {
                StandBy();
            }
        }

        if (Interlocked.Decrement(ref _working) == 0)
        {
            Release();
        }
    }

    private void Release()
    {
        Epoll.Dispose();
        _wake.Dispose();
    }

    private void Lead()
    {
        do
        {
            while (TryTake(out Watched watched, out bool hasEnded))
            {
                try
                {
                    watched.Ready(hasEnded);
                }
#pragma warning disable CA1031 // Whatever one client does, the next client is served.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    Log(exception);
                }
            }

            if (_leader == Thread.CurrentThread)
            {
                Epoll.Wait();
            }
        }
        while (!_closing.IsSet && _leader == Thread.CurrentThread);
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

    /// <summary>The next that there is to see to. False where there is none, or where another thread leads by now.</summary>
    private bool TryTake(out Watched watched, out bool hasEnded)
    {
        bool isServing;
        lock (_gate)
        {
            watched = null!;
            hasEnded = false;
            if (_leader != Thread.CurrentThread)
            {
                return false;
            }

            // Once the lock is left another thread may lead.
            isServing = _isServing = Epoll.TryTake(out watched, out hasEnded);
            _served++;
        }

        if (isServing && !_active.IsSet)
        {
            _active.Set();
        }

        return isServing;
    }

    /// <summary>Looks now and then whether the leader goes on, as long as there are clients; takes the lead where it does not.</summary>
    private void StandBy()
    {
        _active.Wait();
        long before = -1;
        while (!_closing.Wait(Look))
        {
            lock (_gate)
            {
                if (_served != before)
                {
                    before = _served;
                    continue;
                }

                if (_isServing)
                {
                    _leader = Thread.CurrentThread;
                    return;
                }

                _active.Reset();
            }

            if (_closing.IsSet)
            {
                return;
            }

            _active.Wait();
        }
    }

    /// <summary>Wakes the leader; that there is something to tell is all that it tells.</summary>
    private sealed class Alarm : Watched
    {
        public override void Ready(bool hasEnded)
        {
        }
    }
}
