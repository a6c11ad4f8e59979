using System.ComponentModel;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Pool;

namespace Ryuso;

/// <summary>The variables of one run. It belongs to its run: touched after the run's end it throws. The generator derives a typed pool from each spec.</summary>
public abstract class DataPool
{
    private PoolSlots? _slots;

    /// <summary>A variable by its name in the spec or in the request; null where it is absent. Setting null removes it.</summary>
    /// <param name="name">The variable's name.</param>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    /// <exception cref="ArgumentException">The engine owns that name and it is being set.</exception>
    public JsonNode? this[string name]
    {
        get => Slots.GetNode(name);
        set => Slots.SetNode(name, value);
    }

    internal PoolSlots Slots => _slots ?? Ended();

    internal void Open(PoolSlots slots) => _slots = slots;

    internal void Close() => _slots = null;

    internal bool IsOpen => _slots is not null;

    private PoolSlots Ended() => throw new ObjectDisposedException(GetType().Name, "The data pool belongs to its run, and that run has ended.");

    /// <summary>Reads an <c>int</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal long? GetInt(int slot) => Slots.GetInt(slot);

    /// <summary>Reads a <c>float</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal double? GetFloat(int slot) => Slots.GetFloat(slot);

    /// <summary>Reads a <c>bool</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal bool? GetBool(int slot) => Slots.GetBool(slot);

    /// <summary>Reads a <c>string</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal string? GetString(int slot) => Slots.GetString(slot);

    /// <summary>Reads a <c>list</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal JsonArray? GetList(int slot) => Slots.GetList(slot);

    /// <summary>Reads a <c>dict</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal JsonObject? GetDict(int slot) => Slots.GetDict(slot);

    /// <summary>Writes an <c>int</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, long? value) => Slots.Set(slot, value);

    /// <summary>Writes a <c>float</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, double? value) => Slots.Set(slot, value);

    /// <summary>Writes a <c>bool</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, bool? value) => Slots.Set(slot, value);

    /// <summary>Writes a <c>string</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, string? value) => Slots.Set(slot, value);

    /// <summary>Writes a <c>list</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, JsonArray? value) => Slots.SetNode(slot, value);

    /// <summary>Writes a <c>dict</c>. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Set(int slot, JsonObject? value) => Slots.SetNode(slot, value);

    /// <summary>Takes an <c>int</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, long? value) => Slots.Assign(slot, value);

    /// <summary>Takes a <c>float</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, double? value) => Slots.Assign(slot, value);

    /// <summary>Takes a <c>bool</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, bool? value) => Slots.Assign(slot, value);

    /// <summary>Takes a <c>string</c> argument of a typed call, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, string? value) => Slots.Assign(slot, value);

    /// <summary>Takes a <c>list</c> or <c>dict</c> argument of a typed call: a copy, as a request would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Assign(int slot, JsonNode? value) => Slots.Assign(slot, value);

    /// <summary>Reads a <c>string</c> output of a typed call, as an answer would bring it. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal string? GetOutputString(int slot) => JsonText.WellFormed(Slots.GetString(slot));
}
