using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ryuso.Protocol;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>
/// Lets runs that share no key through side by side. A run takes its place in the queues of all its keys in one step, at its arrival, and
/// begins when it is first in each: so runs that share a key go in the order of arrival, and nothing can deadlock.
/// </summary>
/// <remarks>
/// <para>The gate guards everything, the places that are in it included. <see cref="PlaceState"/> has the moves.</para>
/// <list type="bullet">
/// <item><description>A key is in the table while a place is in its queue, or waits for it in the line, or a stuck run keeps it.</description></item>
/// <item><description>A place's <c>Blockers</c> is the number of its holds that have one before them.</description></item>
/// <item><description><c>_placed</c> places are in the queues of their keys: queued, ready or running.</description></item>
/// <item><description>While <c>_alone</c> runs, <c>_placed</c> is 0. While the line is not empty, its first is alone and waits for
/// <c>_placed</c> to become 0 or for <c>_alone</c> to leave.</description></item>
/// <item><description>Nobody waits in the queue of a key that a stuck run keeps, but for unlimited places: a recovery.</description></item>
/// </list>
/// </remarks>
[DebuggerDisplay("{_running} running, {_waiting} waiting, {_placed} in queues")]
internal sealed class KeyedLanes : Lanes
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, KeyQueue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeyQueue> _runIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _stuckRuns = new(StringComparer.Ordinal);

    // Places that wait behind one that is to be alone; those that wait for others to end, being first in each queue; those that have a turn.
    private PlaceList _line;
    private PlaceList _ready;
    private PlaceList _begun;

    private LanePlace? _alone;
    private int _placed;

    // Those of the turns that count for the limit.
    private int _running;

    private int _waiting;

    public override int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Never: whoever comes next shares the commit that is under way then.</summary>
    public override bool HasFollower => false;

    /// <summary>Whether nothing is held, waits or is kept.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _values.Count == 0 && _runIds.Count == 0 && _begun.IsEmpty && _waiting == 0 && _placed == 0 && _line.IsEmpty && _ready.IsEmpty;
            }
        }
    }

    public override bool TryEnter(LanePlace place)
    {
        lock (_gate)
        {
            return TryBegin(place);
        }
    }

    protected override LaneEnterResult EnterOrQueue(LanePlace place, LaneWaiter waiter)
    {
        var woken = default(WaiterList);
        lock (_gate)
        {
            if (TryBegin(place))
            {
                return LaneEnterResult.Entered;
            }

            place.Problem = FindProblem(place);
            if (place.Problem is not null)
            {
                return LaneEnterResult.Rejected;
            }

            Debug.Assert(place.State == PlaceState.Free && place.Waiter is null, "A place is used by one run at a time.");
            place.Waiter = waiter;
            _waiting++;
            CountWaiting(place, 1);
            waiter.QueuedAt = Instruments.MeasuresQueueWait ? Stopwatch.GetTimestamp() : 0;
            Instruments.AddQueued(1);
            if (place.IsAlone || _alone is not null || !_line.IsEmpty)
            {
                place.State = PlaceState.InLine;
                _line.Add(place);
            }
            else
            {
                AddToQueues(place, ref woken);
                Debug.Assert(woken.IsEmpty, "It could not begin.");
            }

            return LaneEnterResult.Queued;
        }
    }

    public override bool TryRemove(LanePlace place, LaneWaiter waiter)
    {
        var woken = default(WaiterList);
        lock (_gate)
        {
            if (place.Waiter != waiter || place.State is PlaceState.Free or PlaceState.Running)
            {
                return false;
            }

            StopWaiting(place);
            Remove(place, ref woken);
            Advance(ref woken);
        }

        Schedule(woken);
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The place has no turn.</exception>
    public override void Leave(LanePlace place, string? stuckRun = null)
    {
        var woken = default(WaiterList);
        lock (_gate)
        {
            if (place.State != PlaceState.Running)
            {
                throw new InvalidOperationException("A turn was ended that had not begun.");
            }

            if (stuckRun is not null && place.ValueCount > 0)
            {
                Keep(stuckRun, place.Values, ref woken);
            }

            Remove(place, ref woken);
            Advance(ref woken);
        }

        Schedule(woken);
    }

    public override void Keep(string stuckRun, string[] keys)
    {
        var woken = default(WaiterList);
        lock (_gate)
        {
            Keep(stuckRun, keys, ref woken);
            Advance(ref woken);
        }

        Schedule(woken);
    }

    public override void Release(string stuckRun)
    {
        lock (_gate)
        {
            if (!_stuckRuns.Remove(stuckRun, out string[]? keys))
            {
                return;
            }

            foreach (string key in keys)
            {
                ref KeyQueue queue = ref Find(_values, key);
                queue.StuckRuns!.Remove(stuckRun);
                if (queue.StuckRuns.Count == 0)
                {
                    queue.StuckRuns = null;
                }

                RemoveIfUnused(_values, key, ref queue);
            }
        }
    }

    public override LanesSnapshot Look(int maxKeys)
    {
        lock (_gate)
        {
            var runs = new List<PlaceSnapshot>();
            for (LanePlace? place = _begun.First; place is not null; place = place.Next)
            {
                runs.Add(Describe(place));
            }

            var keys = _values
                .OrderByDescending(p => p.Value.Waiting)
                .ThenBy(p => p.Key, StringComparer.Ordinal)
                .Take(maxKeys)
                .Select(p => new KeySnapshot(p.Key, p.Value.Last is null ? null : Describe(First(p.Value.Last).Place), p.Value.Waiting, [.. p.Value.StuckRuns ?? []]))
                .ToList();
            return new LanesSnapshot(runs.Count, _waiting, _values.Count, _alone is not null || !_line.IsEmpty, runs, keys);
        }

        static LaneHold First(LaneHold hold)
        {
            while (hold.Previous is { } previous)
            {
                hold = previous;
            }

            return hold;
        }
    }

    private PlaceSnapshot Describe(LanePlace place)
    {
        int waiting = 0;
        foreach (LaneHold hold in place.Holds)
        {
            ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrNullRef(TableOf(hold), hold.Key);
            waiting += Unsafe.IsNullRef(ref queue) ? 0 : queue.Waiting;
        }

        return new PlaceSnapshot(place.RunId, place.Program, place.IsAlone, place.EnteredAt, place.IsAlone ? _waiting : waiting);
    }

    private Dictionary<string, KeyQueue> TableOf(LaneHold hold) => hold.Space == KeySpace.Value ? _values : _runIds;

    private static ref KeyQueue Find(Dictionary<string, KeyQueue> table, string key)
    {
        ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrNullRef(table, key);
        Debug.Assert(!Unsafe.IsNullRef(ref queue), "The key is in the table.");
        return ref queue;
    }

    private static void RemoveIfUnused(Dictionary<string, KeyQueue> table, string key, ref KeyQueue queue)
    {
        if (queue is { Last: null, Waiting: 0, StuckRuns: null })
        {
            table.Remove(key);
        }
    }

    /// <summary>Begins where nothing has to be waited for.</summary>
    private bool TryBegin(LanePlace place)
    {
        if (_alone is not null || !_line.IsEmpty || (_running >= Limits.MaxParallelRuns && !place.IsUnlimited))
        {
            return false;
        }

        if (place.IsAlone)
        {
            if (_placed > 0)
            {
                return false;
            }

            _alone = place;
            Begin(place);
            return true;
        }

        ReadOnlySpan<LaneHold> holds = place.Holds;
        for (int i = 0; i < holds.Length; i++)
        {
            LaneHold hold = holds[i];
            ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrAddDefault(TableOf(hold), hold.Key, out bool exists);
            if (exists && (queue.Last is not null || (queue.StuckRuns is not null && !place.IsUnlimited)))
            {
                // Undone: it is all of them or none.
                while (--i >= 0)
                {
                    TakeOut(holds[i]);
                }

                return false;
            }

            queue.Last = hold;
        }

        _placed++;
        Begin(place);
        return true;
    }

    private void Begin(LanePlace place)
    {
        place.State = PlaceState.Running;
        place.EnteredAt = Stopwatch.GetTimestamp();
        _running += place.IsUnlimited ? 0 : 1;
        _begun.Add(place);
    }

    /// <summary>Why it may not wait; null where it may.</summary>
    private RequestProblem? FindProblem(LanePlace place)
    {
        if (place.IsUnlimited)
        {
            return null;
        }

        foreach (LaneHold hold in place.Holds)
        {
            ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrNullRef(TableOf(hold), hold.Key);
            if (Unsafe.IsNullRef(ref queue))
            {
                continue;
            }

            if (queue.StuckRuns is [{ } stuckRun, ..])
            {
                return Quarantined(hold.Key, stuckRun);
            }

            if (queue.Waiting >= Limits.MaxQueueLengthPerKey)
            {
                return new RequestProblem(Rejection.Busy, hold.Space == KeySpace.Value
                    ? $"The queue of the key '{hold.Key}' is full ({Limits.MaxQueueLengthPerKey} requests wait); retry later."
                    : $"The queue of the run '{hold.Key}' is full ({Limits.MaxQueueLengthPerKey} requests wait); retry later.");
            }
        }

        return _waiting >= Limits.MaxQueueLength ? QueueFull() : null;
    }

    private static RequestProblem Quarantined(string key, string stuckRun) => new(
        Rejection.Quarantined,
        $"The key '{key}' is kept by the run '{stuckRun}', which is stuck. An operator must retry it, skip its step or abandon it first: ryuso runs show {stuckRun}.");

    private void CountWaiting(LanePlace place, int change)
    {
        foreach (LaneHold hold in place.Holds)
        {
            Dictionary<string, KeyQueue> table = TableOf(hold);
            ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrAddDefault(table, hold.Key, out _);
            queue.Waiting += change;
            RemoveIfUnused(table, hold.Key, ref queue);
        }
    }

    /// <summary>Puts a place that waits at the end of the queues of its keys.</summary>
    private void AddToQueues(LanePlace place, ref WaiterList woken)
    {
        Debug.Assert(!place.IsAlone && place.Blockers == 0, "An alone run is in no queue.");
        foreach (LaneHold hold in place.Holds)
        {
            ref KeyQueue queue = ref CollectionsMarshal.GetValueRefOrAddDefault(TableOf(hold), hold.Key, out _);
            if (queue.Last is { } last)
            {
                last.Next = hold;
                hold.Previous = last;
                place.Blockers++;
            }

            queue.Last = hold;
        }

        _placed++;
        if (place.Blockers > 0)
        {
            place.State = PlaceState.Queued;
        }
        else
        {
            BecomeFirst(place, ref woken);
        }
    }

    /// <summary>Nothing is before it in any queue.</summary>
    private void BecomeFirst(LanePlace place, ref WaiterList woken)
    {
        if (place.IsUnlimited)
        {
            Wake(place, ref woken);
        }
        else
        {
            place.State = PlaceState.Ready;
            _ready.Add(place);
        }
    }

    /// <summary>Takes a place out of wherever it is. It is free then.</summary>
    private void Remove(LanePlace place, ref WaiterList woken)
    {
        switch (place.State)
        {
            case PlaceState.InLine:
                _line.Remove(place);
                break;
            case PlaceState.Running when place.IsAlone:
                Debug.Assert(_alone == place && _placed == 0, "An alone run is alone.");
                _alone = null;
                End(place);
                break;
            default:
                if (place.State == PlaceState.Running)
                {
                    End(place);
                }
                else if (place.State == PlaceState.Ready)
                {
                    _ready.Remove(place);
                }

                _placed--;
                place.Blockers = 0;
                foreach (LaneHold hold in place.Holds)
                {
                    if (TakeOut(hold) is { } next && --next.Place.Blockers == 0)
                    {
                        BecomeFirst(next.Place, ref woken);
                    }
                }

                break;
        }

        place.State = PlaceState.Free;
    }

    private void End(LanePlace place)
    {
        Instruments.RecordHeld(place.EnteredAt, place.Program);
        _begun.Remove(place);
        _running -= place.IsUnlimited ? 0 : 1;
        place.EnteredAt = 0;
    }

    /// <summary>Takes a hold out of its queue.</summary>
    /// <returns>The one that is first now; null where this one was not first, or nobody follows.</returns>
    private LaneHold? TakeOut(LaneHold hold)
    {
        Dictionary<string, KeyQueue> table = TableOf(hold);
        ref KeyQueue queue = ref Find(table, hold.Key);
        LaneHold? next = hold.Next;
        LaneHold? previous = hold.Previous;
        hold.Next = hold.Previous = null;
        if (previous is not null)
        {
            previous.Next = next;
        }

        if (next is not null)
        {
            next.Previous = previous;
            return previous is null ? next : null;
        }

        queue.Last = previous;
        RemoveIfUnused(table, hold.Key, ref queue);
        return null;
    }

    /// <summary>Begins what may begin now.</summary>
    private void Advance(ref WaiterList woken)
    {
        while (_alone is null && _line.First is { } first && !(first.IsAlone && _placed > 0))
        {
            _line.Remove(first);
            if (first.IsAlone)
            {
                _alone = first;
                Wake(first, ref woken);
            }
            else
            {
                AddToQueues(first, ref woken);
            }
        }

        while (_ready.First is { } ready && _running < Limits.MaxParallelRuns)
        {
            _ready.Remove(ready);
            Wake(ready, ref woken);
        }
    }

    private void Wake(LanePlace place, ref WaiterList woken)
    {
        woken.Add(StopWaiting(place));
        Begin(place);
    }

    private LaneWaiter StopWaiting(LanePlace place)
    {
        LaneWaiter waiter = place.Waiter!;
        place.Waiter = null;
        _waiting--;
        CountWaiting(place, -1);
        Instruments.AddQueued(-1);
        return waiter;
    }

    private void Keep(string stuckRun, string[] keys, ref WaiterList woken)
    {
        if (!_stuckRuns.TryAdd(stuckRun, keys))
        {
            return;
        }

        foreach (string key in keys)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_values, key, out _).StuckRuns ??= []).Add(stuckRun);
        }

        foreach (string key in keys)
        {
            RejectWaiting(key, stuckRun, ref woken);
        }
    }

    /// <summary>Whoever waits for the key would wait until an operator comes.</summary>
    private void RejectWaiting(string key, string stuckRun, ref WaiterList woken)
    {
        var rejected = new List<LanePlace>();
        for (LaneHold? hold = Find(_values, key).Last; hold is not null; hold = hold.Previous)
        {
            if (hold.Place.State is PlaceState.Queued or PlaceState.Ready && !hold.Place.IsUnlimited)
            {
                rejected.Add(hold.Place);
            }
        }

        rejected.Reverse();
        for (LanePlace? place = _line.First; place is not null; place = place.Next)
        {
            if (!place.IsAlone && !place.IsUnlimited && place.Has(key))
            {
                rejected.Add(place);
            }
        }

        foreach (LanePlace place in rejected)
        {
            place.Problem = Quarantined(key, stuckRun);
            woken.Add(StopWaiting(place));
            Remove(place, ref woken);
        }
    }

    /// <summary>Outside the gate: a waiter may do anything.</summary>
    private static void Schedule(WaiterList woken)
    {
        while (woken.Take() is { } waiter)
        {
            if (waiter.QueuedAt != 0)
            {
                Instruments.RecordQueueWait(Stopwatch.GetElapsedTime(waiter.QueuedAt).TotalSeconds);
            }

            waiter.ScheduleTurn();
        }
    }

    /// <summary>Who holds a key and who waits for it.</summary>
    private struct KeyQueue
    {
        /// <summary>The last in the queue; the first holds the key, once it is first in all its queues.</summary>
        public LaneHold? Last;

        /// <summary>How many wait for the key, in its queue or in the line.</summary>
        public int Waiting;

        /// <summary>The stuck runs that keep the key; null where there are none.</summary>
        public List<string>? StuckRuns;
    }

    /// <summary>A list of places, in order. A place is in one at most.</summary>
    private struct PlaceList
    {
        private LanePlace? _last;

        public LanePlace? First { get; private set; }

        public readonly bool IsEmpty => First is null;

        public void Add(LanePlace place)
        {
            Debug.Assert(place.Next is null && place.Previous is null && place != _last, "A place is in one list at most.");
            place.Previous = _last;
            if (_last is null)
            {
                First = place;
            }
            else
            {
                _last.Next = place;
            }

            _last = place;
        }

        public void Remove(LanePlace place)
        {
            if (place.Previous is { } previous)
            {
                previous.Next = place.Next;
            }
            else
            {
                Debug.Assert(First == place, "It is in this list.");
                First = place.Next;
            }

            if (place.Next is { } next)
            {
                next.Previous = place.Previous;
            }
            else
            {
                _last = place.Previous;
            }

            place.Next = place.Previous = null;
        }
    }

    /// <summary>Those whose wait has ended, in order.</summary>
    private struct WaiterList
    {
        private LaneWaiter? _first;
        private LaneWaiter? _last;

        public readonly bool IsEmpty => _first is null;

        public void Add(LaneWaiter waiter)
        {
            if (_last is null)
            {
                _first = waiter;
            }
            else
            {
                _last.Next = waiter;
            }

            _last = waiter;
        }

        public LaneWaiter? Take()
        {
            LaneWaiter? waiter = _first;
            if (waiter is not null)
            {
                _first = waiter.Next;
                waiter.Next = null;
            }

            return waiter;
        }
    }
}
