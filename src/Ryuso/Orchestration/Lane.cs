using System.Diagnostics;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>A caller that may have to wait for the lane.</summary>
internal abstract class LaneWaiter : IThreadPoolWorkItem
{
    internal LaneWaiter? Next { get; set; }

    /// <summary>When it began to wait, as a timestamp of the stopwatch; 0 where nobody listens to <see cref="Instruments.MeasuresQueueWait"/>.</summary>
    internal long QueuedAt { get; set; }

    void IThreadPoolWorkItem.Execute() => OnEntered();

    /// <summary>
    /// Schedules <see cref="OnEntered"/>, by default on the thread pool. It must not run within this call,
    /// so that the caller that leaves the lane can send its answer meanwhile.
    /// </summary>
    protected internal virtual void ScheduleTurn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>Called when the lane has been handed to this waiter, which holds it until <see cref="Lane.Leave"/>.</summary>
    protected abstract void OnEntered();
}

/// <summary>How <see cref="Lane.Enter"/> ended.</summary>
internal enum LaneEnterResult
{
    /// <summary>The lane is held.</summary>
    Entered,

    /// <summary>The waiter is queued; <see cref="LaneWaiter.OnEntered"/> will be called.</summary>
    Queued,

    /// <summary>As many wait already as may.</summary>
    Full,
}

/// <summary>Lets one run through at a time, in the order of arrival.</summary>
/// <remarks>
/// <para><c>_count</c> is the holder (0 or 1) plus the waiters. It decides who may enter:</para>
/// <list type="table">
/// <item><term>0 → 1</term><description>The caller enters: a compare-exchange without the gate, or an increment under it.</description></item>
/// <item><term>1 → 0</term><description>The holder leaves and nobody waits: a compare-exchange without the gate.</description></item>
/// <item><term>n → n + 1, n ≥ 1</term><description>A waiter is queued, under the gate.</description></item>
/// <item><term>n → n − 1, n ≥ 2</term><description>The holder hands the lane to the first waiter, under the gate. The lane is held throughout.</description></item>
/// </list>
/// <para>
/// So no caller passes a waiter: while one waits the count is at least 2 until the lane has been handed over, and at least 1 after that.
/// Under the gate the queue is <c>_waiting</c> long and <c>_count</c> is <c>_waiting</c>, plus 1 while the lane is held.
/// </para>
/// </remarks>
[DebuggerDisplay("held or waited for by {_count}, {_waiting} waiting")]
internal sealed class Lane
{
    private static readonly int s_spinCount = Environment.ProcessorCount > 1 ? 20 : 0;

    private readonly Lock _gate = new();

    // The queue, guarded by the gate. The number of waiters is read without it.
    private LaneWaiter? _first;
    private LaneWaiter? _last;
    private int _waiting;

    private int _count;

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Enters a free lane.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _count, 1, 0) == 0;

    /// <summary>Enters the lane or queues for it.</summary>
    /// <param name="waiter">The caller. It waits in one place at most.</param>
    /// <param name="limit">How many may wait.</param>
    public LaneEnterResult Enter(LaneWaiter waiter, int limit)
    {
        if (TryEnter())
        {
            return LaneEnterResult.Entered;
        }

        // A run of fast hooks takes about a microsecond, a change of threads several.
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

            Debug.Assert(waiter.Next is null && waiter != _last, "A waiter waits in one place at most.");
            if (_last is null)
            {
                _first = waiter;
            }
            else
            {
                _last.Next = waiter;
            }

            _last = waiter;
            _waiting++;
            Debug.Assert(_count > _waiting, "While one waits the lane is held.");
            waiter.QueuedAt = Instruments.MeasuresQueueWait ? Stopwatch.GetTimestamp() : 0;
            Instruments.AddQueued(1);
            return LaneEnterResult.Queued;
        }
    }

    /// <summary>Enters the lane, however many wait. A waiter whose token fires keeps its place until its turn, which it passes on.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationCanceledException">The token fired before the lane was entered.</exception>
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

    /// <summary>Hands the lane to the first waiter, or leaves it free.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the lane.</exception>
    public void Leave()
    {
        if (Interlocked.CompareExchange(ref _count, 0, 1) == 1)
        {
            return;
        }

        LaneWaiter next;
        lock (_gate)
        {
            next = _first ?? throw new InvalidOperationException("The lane was left although nobody holds it.");
            Debug.Assert(_count == _waiting + 1, "The lane is held and every waiter is counted.");
            _first = next.Next;
            _last = _first is null ? null : _last;
            next.Next = null;
            _waiting--;
            Interlocked.Decrement(ref _count);
            Debug.Assert((_waiting == 0) == (_first is null), "The queue is as long as is counted.");
        }

        Instruments.AddQueued(-1);
        if (next.QueuedAt != 0)
        {
            Instruments.RecordQueueWait(Stopwatch.GetElapsedTime(next.QueuedAt).TotalSeconds);
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
