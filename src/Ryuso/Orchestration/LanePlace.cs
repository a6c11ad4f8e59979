using System.Diagnostics;
using Ryuso.Protocol;

namespace Ryuso.Orchestration;

/// <summary>Which values a key is compared with.</summary>
internal enum KeySpace
{
    /// <summary>The values of arguments that <c>program.key</c> names.</summary>
    Value,

    /// <summary>The callers' own ids of runs.</summary>
    RunId,
}

/// <summary>How a place stands in <see cref="KeyedLanes"/>.</summary>
internal enum PlaceState
{
    /// <summary>It is in no queue. The next is any of the others.</summary>
    Free,

    /// <summary>It came after a run that is to be alone, or wants to be alone itself. Then Queued, Ready, Running or Free.</summary>
    InLine,

    /// <summary>It is in the queues of its keys and not first in each. Then Ready, Running or Free.</summary>
    Queued,

    /// <summary>It is first in each, and as many run as may. Then Running.</summary>
    Ready,

    /// <summary>It has its turn. Then Free.</summary>
    Running,
}

/// <summary>What one run holds or waits for: keys, or everything. Used again by the next run.</summary>
/// <remarks>
/// Whoever has the run fills it while it is free. From <see cref="Lanes.Enter"/> until the turn has come, or never will, it is the lanes';
/// so is all that is internal here at any time, under their gate.
/// </remarks>
[DebuggerDisplay("{_state}, {Count} keys, alone {IsAlone}")]
internal sealed class LanePlace
{
    /// <summary>Keys of a run at most.</summary>
    public const int MaxKeys = 64;

    private LaneHold[] _holds = [];
    private PlaceState _state;

    /// <summary>Whether nothing else may run meanwhile.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Whether limits and stuck runs do not stop it: it is the engine's own, such as a recovery.</summary>
    public bool IsUnlimited { get; init; }

    /// <summary>How many keys it has, the run's id among them.</summary>
    public int Count { get; private set; }

    /// <summary>How many values of <see cref="KeySpace.Value"/> it has.</summary>
    public int ValueCount { get; private set; }

    /// <summary>The program, for those who look at the lanes.</summary>
    public string Program { get; set; } = "";

    /// <summary>The run's id, for those who look at the lanes; null where there is none yet.</summary>
    public string? RunId { get; set; }

    /// <summary>By when the turn must have come; null for whenever it does.</summary>
    public BeginDeadline? Deadline { get; set; }

    /// <summary>Why its turn will never come; null otherwise.</summary>
    public RequestProblem? Problem { get; internal set; }

    internal PlaceState State
    {
        get => _state;
        set => _state = value;
    }

    internal LaneWaiter? Waiter { get; set; }

    /// <summary>The next of whatever list it is in.</summary>
    internal LanePlace? Next { get; set; }

    /// <summary>The one before it in that list.</summary>
    internal LanePlace? Previous { get; set; }

    /// <summary>In how many queues it is not first.</summary>
    internal int Blockers { get; set; }

    /// <summary>When its turn came, as a timestamp of the stopwatch; 0 while it has none.</summary>
    internal long EnteredAt { get; set; }

    internal ReadOnlySpan<LaneHold> Holds => _holds.AsSpan(0, Count);

    /// <summary>The keys of <see cref="KeySpace.Value"/>.</summary>
    public string[] Values
    {
        get
        {
            var values = new List<string>(ValueCount);
            foreach (LaneHold hold in Holds)
            {
                if (hold.Space == KeySpace.Value)
                {
                    values.Add(hold.Key);
                }
            }

            return [.. values];
        }
    }

    /// <summary>Begins with the next run.</summary>
    public void Clear()
    {
        Debug.Assert(_state == PlaceState.Free, "It is in a queue, or holds something.");
        IsAlone = false;
        Problem = null;
        if (Count > 0)
        {
            foreach (LaneHold hold in Holds)
            {
                hold.Key = "";
            }

            Count = ValueCount = 0;
        }

        if (RunId is not null)
        {
            RunId = null;
        }
    }

    /// <summary>Whether it has a value among its keys.</summary>
    public bool Has(string value)
    {
        foreach (LaneHold hold in Holds)
        {
            if (hold.Space == KeySpace.Value && hold.Key == value)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds a key that it does not have yet. False where it has as many values as it may.</summary>
    public bool TryAdd(string key, KeySpace space = KeySpace.Value)
    {
        Debug.Assert(_state == PlaceState.Free, "It is in its queues already.");
        if (space == KeySpace.Value && Has(key))
        {
            return true;
        }

        if (space == KeySpace.Value && ++ValueCount > MaxKeys)
        {
            ValueCount = MaxKeys;
            return false;
        }

        if (Count == _holds.Length)
        {
            int length = _holds.Length;
            Array.Resize(ref _holds, Math.Max(2, 2 * length));
            for (int i = length; i < _holds.Length; i++)
            {
                _holds[i] = new LaneHold(this);
            }
        }

        LaneHold hold = _holds[Count++];
        hold.Key = key;
        hold.Space = space;
        return true;
    }
}

/// <summary>A place in the queue of one key.</summary>
[DebuggerDisplay("{Key}")]
internal sealed class LaneHold(LanePlace place)
{
    public LanePlace Place => place;

    public string Key { get; set; } = "";

    public KeySpace Space { get; set; }

    public LaneHold? Next { get; set; }

    public LaneHold? Previous { get; set; }
}
