using System.Diagnostics;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>Lets one run through at a time, in the order of arrival.</summary>
/// <remarks>
/// <para><c>_count</c> is the holder (0 or 1) plus the waiters. It decides who may enter:</para>
/// <list type="table">
/// <item><term>0 → 1</term><description>The caller enters: a compare-exchange without the gate, or an increment under it.</description></item>
/// <item><term>1 → 0</term><description>The holder leaves and nobody waits: a compare-exchange without the gate.</description></item>
/// <item><term>n → n + 1, n ≥ 1</term><description>A waiter is queued, under the gate.</description></item>
/// <item><term>n → n − 1, n ≥ 2</term><description>The holder hands the lane to the first waiter, or a waiter gives up, under the gate. The lane is held throughout.</description></item>
/// </list>
/// <para>
/// So no caller passes a waiter: while one waits the count is at least 2 until the lane has been handed over, and at least 1 after that.
/// Under the gate the queue is <c>_waiting</c> long and <c>_count</c> is <c>_waiting</c>, plus 1 while the lane is held.
/// </para>
/// </remarks>
[DebuggerDisplay("held or waited for by {_count}, {_waiting} waiting")]
internal sealed class Lane : Lanes
{
    private static readonly int s_spinCount = Environment.ProcessorCount > 1 ? 20 : 0;

    private readonly Lock _gate = new();

    // The queue, guarded by the gate. The number of waiters is read without it.
    private LaneWaiter? _first;
    private LaneWaiter? _last;
    private int _waiting;

    private int _count;

    public override int Waiting => Volatile.Read(ref _waiting);

    public override bool HasFollower => Waiting > 0;

    public override bool TryEnter(LanePlace place) => TryEnter();

    protected override LaneEnterResult EnterOrQueue(LanePlace place, LaneWaiter waiter)
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
            if (_waiting >= Limits.MaxQueueLength && !place.IsUnlimited)
            {
                place.Problem = QueueFull();
                return LaneEnterResult.Rejected;
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

    public override bool TryRemove(LanePlace place, LaneWaiter waiter)
    {
        lock (_gate)
        {
            LaneWaiter? before = null;
            for (LaneWaiter? at = _first; at is not null; before = at, at = at.Next)
            {
                if (at == waiter)
                {
                    if (before is null)
                    {
                        _first = at.Next;
                    }
                    else
                    {
                        before.Next = at.Next;
                    }

                    _last = at.Next is null ? before : _last;
                    at.Next = null;
                    _waiting--;
                    Interlocked.Decrement(ref _count);
                    Instruments.AddQueued(-1);
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Hands the lane to the first waiter, or leaves it free.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the lane.</exception>
    public override void Leave(LanePlace place, string? stuckRun = null)
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

    public override LanesSnapshot Look(int maxKeys) => new(Math.Min(1, Volatile.Read(ref _count)), Waiting, KeyCount: 0, IsAlone: true, [], []);

    private bool TryEnter() => Interlocked.CompareExchange(ref _count, 1, 0) == 0;
}
