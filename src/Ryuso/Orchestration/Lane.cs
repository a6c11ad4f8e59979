using System.Diagnostics;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>Somebody who may have to wait for the lane.</summary>
internal abstract class LaneWaiter : IThreadPoolWorkItem
{
    internal LaneWaiter? Next { get; set; }

    /// <summary>A timestamp; 0 where nobody measures.</summary>
    internal long QueuedAt { get; set; }

    void IThreadPoolWorkItem.Execute() => OnEntered();

    /// <summary>Has <see cref="OnEntered"/> called in a moment, not within this call: by the pool, where nothing else is said, so that whoever leaves the lane can send the answer meanwhile.</summary>
    protected internal virtual void ScheduleTurn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>The turn has come: the lane is held until <see cref="Lane.Leave"/>.</summary>
    protected abstract void OnEntered();
}

/// <summary>How <see cref="Lane.Enter"/> ended.</summary>
internal enum LaneEnterResult
{
    /// <summary>The lane is held.</summary>
    Entered,

    /// <summary><see cref="LaneWaiter.OnEntered"/> will be called.</summary>
    Queued,

    /// <summary>Too many wait already.</summary>
    Full,
}

/// <summary>Lets one run through at a time, in the order in which they came.</summary>
internal sealed class Lane
{
    private static readonly int s_spinCount = Environment.ProcessorCount > 1 ? 20 : 0;

    private readonly Lock _gate = new();
    private LaneWaiter? _first;
    private LaneWaiter? _last;
    private int _waiting;

    // How many hold the lane or wait for it. From nought to one and back needs no lock.
    private int _count;

    public int Waiting => Volatile.Read(ref _waiting);

    public bool TryEnter() => Interlocked.CompareExchange(ref _count, 1, 0) == 0;

    /// <param name="turn">Who comes.</param>
    /// <param name="limit">How many may wait.</param>
    public LaneEnterResult Enter(LaneWaiter turn, int limit)
    {
        if (TryEnter())
        {
            return LaneEnterResult.Entered;
        }

        // A run of quick hooks takes about a microsecond, a change of threads several.
        for (int i = 0; i < s_spinCount && Volatile.Read(ref _count) == 1; i++)
        {
            Thread.SpinWait(8);
            if (TryEnter())
            {
                return LaneEnterResult.Entered;
            }
        }

        lock (_gate)
        {
            if (_waiting >= limit)
            {
                return LaneEnterResult.Full;
            }

            if (Interlocked.Increment(ref _count) == 1)
            {
                return LaneEnterResult.Entered;
            }

            if (_last is null)
            {
                _first = turn;
            }
            else
            {
                _last.Next = turn;
            }

            _last = turn;
            _waiting++;
            turn.QueuedAt = Instruments.QueueWait.Enabled ? Stopwatch.GetTimestamp() : 0;
            Instruments.QueueLength.Add(1);
            return LaneEnterResult.Queued;
        }
    }

    /// <summary>Waits without a limit. A waiter that gives up keeps its place until its turn, which then passes it over.</summary>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskWaiter(this);
        if (Enter(waiter, int.MaxValue) == LaneEnterResult.Entered)
        {
            return;
        }

        using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskWaiter)state!).Cancel(token), waiter))
        {
            await waiter.Task.ConfigureAwait(false);
        }
    }

    public void Leave()
    {
        if (Interlocked.CompareExchange(ref _count, 0, 1) == 1)
        {
            return;
        }

        LaneWaiter next;
        lock (_gate)
        {
            next = _first!;
            _first = next.Next;
            _last = _first is null ? null : _last;
            next.Next = null;
            _waiting--;
            Interlocked.Decrement(ref _count);
        }

        Instruments.QueueLength.Add(-1);
        if (next.QueuedAt != 0)
        {
            Instruments.QueueWait.Record(Stopwatch.GetElapsedTime(next.QueuedAt).TotalSeconds);
        }

        next.ScheduleTurn();
    }

    private sealed class TaskWaiter(Lane lane) : LaneWaiter
    {
        private readonly TaskCompletionSource _entered = new();

        public Task Task => _entered.Task;

        public void Cancel(CancellationToken token) => _entered.TrySetCanceled(token);

        protected override void OnEntered()
        {
            if (!_entered.TrySetResult())
            {
                lane.Leave();
            }
        }
    }
}
