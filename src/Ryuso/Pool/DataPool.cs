using System.ComponentModel;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Values;

namespace Ryuso;

/// <summary>
/// The variables of one run. A pool belongs to its run: used after the run's end it throws. A list or dict that it gives is the caller's own copy:
/// changing it changes nothing until it is set. The generator derives a typed pool from each spec.
/// </summary>
/// <remarks>
/// The slots are used again by the next run. So that a late reader or writer never meets them, the check that the pool is open and what is done
/// to the slots are one step: the thread that the engine has called a hook on needs no more than the check, since the run waits for it;
/// every other thread announces its access first, and closing the pool waits for the accesses that were announced before.
/// </remarks>
public abstract class DataPool
{
    private PoolSlots? _slots;

    /// <summary>A variable by its name in the spec or in the request; null where it is absent. Setting null removes it.</summary>
    /// <param name="name">The variable's name.</param>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    /// <exception cref="ArgumentException">The engine owns that name and it is being set.</exception>
    public JsonNode? this[string name]
    {
        get => Get(name).ToOwnNode();
        set
        {
            // A user's converters run here and not within the access.
            var own = PoolValue.OfNode(Copy(value));
            using Access access = new(this);
            access.Slots.Set(name, own);
        }
    }

    /// <summary>The run's id.</summary>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    internal string RunId
    {
        get
        {
            using Access access = new(this);
            return access.Slots.RunId;
        }
    }

    internal void Open(PoolSlots slots) => _slots = slots;

    /// <summary>Ends the use of the pool. Afterwards nobody who has it reaches the slots any more.</summary>
    internal void Close() => Interlocked.Exchange(ref _slots, null)?.WaitForAccesses();

    internal bool IsOpen => _slots is not null;

    /// <summary>Lists and dicts in the slots are never changed, so that they can be copied outside the access.</summary>
    private PoolValue Get(string name)
    {
        using Access access = new(this);
        return access.Slots.Get(name);
    }

    private PoolValue Get(int slot, bool isList)
    {
        using Access access = new(this);
        return isList ? access.Slots.GetList(slot) : access.Slots.GetDict(slot);
    }

    private static JsonNode? Copy(JsonNode? node) => node is JsonArray or JsonObject ? node.DeepClone() : node;

    private PoolSlots BeginAccess()
    {
        PoolSlots slots = _slots ?? throw Ended();
        slots.BeginAccess();
        if (_slots == slots)
        {
            return slots;
        }

        slots.EndAccess();
        throw Ended();
    }

    private ObjectDisposedException Ended() => new(GetType().Name, "The data pool belongs to its run, and that run has ended.");

    /// <summary>The slots, for the thread that drives the run; null on any other.</summary>
    private PoolSlots? OwnSlots => _slots is { IsCallingThread: true } slots ? slots : null;

    private T Announced<T>(int slot, Func<PoolSlots, int, T> read)
    {
        using Access access = new(this);
        return read(access.Slots, slot);
    }

    /// <summary>One use of the slots.</summary>
    private readonly ref struct Access
    {
        private readonly bool _isAnnounced;

        public Access(DataPool pool)
        {
            PoolSlots? slots = pool._slots;
            _isAnnounced = slots is null || !slots.IsCallingThread;
            Slots = _isAnnounced ? pool.BeginAccess() : slots!;
        }

        public PoolSlots Slots { get; }

        public void Dispose()
        {
            if (_isAnnounced)
            {
                Slots.EndAccess();
            }
        }
    }

    /// <summary>Reads an <c>int</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal long? GetInt(int slot) =>
        OwnSlots is { } slots ? slots.GetInt(slot) : Announced(slot, static (slots, slot) => slots.GetInt(slot));

    /// <summary>Reads a <c>float</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal double? GetFloat(int slot) =>
        OwnSlots is { } slots ? slots.GetFloat(slot) : Announced(slot, static (slots, slot) => slots.GetFloat(slot));

    /// <summary>Reads a <c>bool</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal bool? GetBool(int slot) =>
        OwnSlots is { } slots ? slots.GetBool(slot) : Announced(slot, static (slots, slot) => slots.GetBool(slot));

    /// <summary>Reads a <c>string</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal string? GetString(int slot) =>
        OwnSlots is { } slots ? slots.GetString(slot) : Announced(slot, static (slots, slot) => slots.GetString(slot));

    /// <summary>Reads a <c>list</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal JsonArray? GetList(int slot) => (JsonArray?)Get(slot, isList: true).ToOwnNode();

    /// <summary>Reads a <c>dict</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal JsonObject? GetDict(int slot) => (JsonObject?)Get(slot, isList: false).ToOwnNode();

    /// <summary>Writes an <c>int</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, long? value)
    {
        if (OwnSlots is { } slots)
        {
            slots.Set(slot, value);
        }
        else
        {
            using Access access = new(this);
            access.Slots.Set(slot, value);
        }
    }

    /// <summary>Writes a <c>float</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, double? value)
    {
        if (OwnSlots is { } slots)
        {
            slots.Set(slot, value);
        }
        else
        {
            using Access access = new(this);
            access.Slots.Set(slot, value);
        }
    }

    /// <summary>Writes a <c>bool</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, bool? value)
    {
        if (OwnSlots is { } slots)
        {
            slots.Set(slot, value);
        }
        else
        {
            using Access access = new(this);
            access.Slots.Set(slot, value);
        }
    }

    /// <summary>Writes a <c>string</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, string? value)
    {
        if (OwnSlots is { } slots)
        {
            slots.Set(slot, value);
        }
        else
        {
            using Access access = new(this);
            access.Slots.Set(slot, value);
        }
    }

    /// <summary>Writes a <c>list</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, JsonArray? value) => SetNode(slot, Copy(value));

    /// <summary>Writes a <c>dict</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, JsonObject? value) => SetNode(slot, Copy(value));

    /// <summary>Takes an <c>int</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, long? value)
    {
        using Access access = new(this);
        access.Slots.Assign(slot, value);
    }

    /// <summary>Takes a <c>float</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, double? value)
    {
        using Access access = new(this);
        access.Slots.Assign(slot, value);
    }

    /// <summary>Takes a <c>bool</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, bool? value)
    {
        using Access access = new(this);
        access.Slots.Assign(slot, value);
    }

    /// <summary>Takes a <c>string</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, string? value)
    {
        using Access access = new(this);
        access.Slots.Assign(slot, value);
    }

    /// <summary>Takes a <c>list</c> or <c>dict</c> argument of a typed call: a copy, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, JsonNode? value)
    {
        using Access access = new(this);
        access.Slots.Assign(slot, value);
    }

    /// <summary>Reads a <c>string</c> output of a typed call, as an answer would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal string? GetOutputString(int slot) => JsonText.WellFormed(GetString(slot));

    private void SetNode(int slot, JsonNode? own)
    {
        using Access access = new(this);
        access.Slots.SetNode(slot, own);
    }
}
