using System.ComponentModel;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso.Definitions;

/// <summary>The six value types of a spec (key <c>arg.type</c>).</summary>
public enum SpecType
{
    /// <summary><c>string</c>.</summary>
    String,

    /// <summary><c>int</c>: a 64-bit integer.</summary>
    Int,

    /// <summary><c>float</c>: a double.</summary>
    Float,

    /// <summary><c>bool</c>.</summary>
    Bool,

    /// <summary><c>list</c>: a JSON array.</summary>
    List,

    /// <summary><c>dict</c>: a JSON object.</summary>
    Dict,
}

/// <summary>What stands at one position of a compiled line.</summary>
public enum PlanOpKind
{
    /// <summary>A hook is entered: its trace entry, before its dependencies.</summary>
    EnterHook,

    /// <summary>A hook's arguments are checked and it runs.</summary>
    InvokeHook,

    /// <summary>A nested program begins: its argument defaults and checks.</summary>
    EnterProgram,

    /// <summary>A nested program ends: its output defaults and checks.</summary>
    ExitProgram,
}

/// <summary>One position of a compiled line. Written by the generator.</summary>
/// <param name="Kind">What happens here.</param>
/// <param name="Index">The hook's or program's index in the <see cref="SpecDefinition"/>.</param>
/// <param name="IsDependency">Whether it runs as a dependency of a later step.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public readonly record struct PlanOp(PlanOpKind Kind, int Index, bool IsDependency)
{
    /// <summary>Reads a line as the generator writes it: for each step its index times eight, plus its kind times two, plus one for a dependency.</summary>
    /// <param name="line">The line's numbers.</param>
    public static PlanOp[] Decode(ReadOnlySpan<int> line)
    {
        var steps = new PlanOp[line.Length];
        for (int i = 0; i < line.Length; i++)
        {
            steps[i] = new PlanOp((PlanOpKind)((line[i] >> 1) & 3), line[i] >> 3, (line[i] & 1) != 0);
        }

        return steps;
    }
}

/// <summary>One declared argument or output. Written by the generator.</summary>
/// <param name="Slot">The variable's slot in the pool.</param>
/// <param name="Name">The variable's name in the spec.</param>
/// <param name="Type">Key <c>arg.type</c>.</param>
/// <param name="Required">Key <c>arg.required</c>.</param>
/// <param name="Default">Key <c>arg.default</c> as JSON text; null where there is none.</param>
/// <param name="Description">Key <c>arg.description</c>.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record ArgDefinition(int Slot, string Name, SpecType Type, bool Required, string? Default = null, string? Description = null)
{
    /// <summary>Key <c>arg.items</c>: what the elements of a list are; null where nothing is said of them.</summary>
    public FieldDefinition? Items
    {
        get;
        init
        {
            field = value;
            Accepts = Without(ValueKinds.List, value);
        }
    }

    /// <summary>Key <c>arg.fields</c>: what is in a dict; null where nothing is said of it.</summary>
    public FieldDefinition[]? Fields
    {
        get;
        init
        {
            field = value;
            Accepts = Without(ValueKinds.Dict, value);
        }
    }

    internal PoolValue DefaultValue { get; } = PoolValue.OfDefault(Default, Type);

    /// <summary>What fits, seen from outside: where a default stands in, absence too.</summary>
    internal ValueKinds Fits { get; } = PoolValue.Fitting(Type) | (Required && Default is null ? ValueKinds.None : ValueKinds.Absent);

    /// <summary>What fits without a look inside: <see cref="Fits"/>, less the lists and dicts of which the spec says what is in them.</summary>
    internal ValueKinds Accepts { get; private init; } = PoolValue.Fitting(Type) | (Required && Default is null ? ValueKinds.None : ValueKinds.Absent);

    /// <summary>What <see cref="Items"/> and <see cref="Fields"/> say, in one piece.</summary>
    internal FieldDefinition Shape => field ??= new FieldDefinition(Name, Type, Required) { Items = Items, Fields = Fields };

    /// <summary>The name as a key of an answer.</summary>
    internal byte[] Key { get; } = JsonBytes.Key(Name);

    private ValueKinds Without(ValueKinds kind, object? shape) => shape is null ? Accepts : Accepts & ~kind;
}

/// <summary>One field of a dict, or what the elements of a list are. Written by the generator.</summary>
/// <param name="Name">The field's name in the spec; empty for the elements of a list.</param>
/// <param name="Type">Key <c>arg.type</c>.</param>
/// <param name="Required">Key <c>arg.required</c>.</param>
/// <param name="Default">Key <c>arg.default</c> as JSON text; null where there is none.</param>
/// <param name="Description">Key <c>arg.description</c>.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record FieldDefinition(string Name, SpecType Type, bool Required, string? Default = null, string? Description = null)
{
    /// <summary>Key <c>arg.items</c>: what the elements of a list are; null where nothing is said of them.</summary>
    public FieldDefinition? Items { get; init; }

    /// <summary>Key <c>arg.fields</c>: what is in a dict; null where nothing is said of it.</summary>
    public FieldDefinition[]? Fields { get; init; }

    internal bool IsNeeded => Required && Default is null;

    /// <summary>The names of <see cref="Fields"/>, by index.</summary>
    internal Utf8NameTable FieldNames => field ??= new Utf8NameTable((Fields ?? []).Select(f => f.Name));
}

/// <summary>One hook. Written by the generator.</summary>
/// <param name="Reference">The reference string, <c>hooks.NAME</c>.</param>
/// <param name="Args">Key <c>hook.args</c>.</param>
/// <param name="Rectifiers">One line for each rectifier, in listed order (key <c>hook.rectifiers</c>).</param>
/// <param name="Attempts">Key <c>hook.retry.attempts</c>.</param>
/// <param name="RetryDelayMs">Key <c>hook.retry.delay_ms</c>, in milliseconds.</param>
/// <param name="TimeoutMs">Key <c>hook.timeout_ms</c>, in milliseconds; 0 for none.</param>
/// <param name="RectifySelf">Key <c>hook.rectify_self</c>.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record HookDefinition(
    string Reference,
    ArgDefinition[] Args,
    PlanOp[][] Rectifiers,
    int Attempts = 1,
    int RetryDelayMs = 0,
    int TimeoutMs = 0,
    bool RectifySelf = false)
{
    /// <summary>How the delay between tries grows; null where it is the same each time.</summary>
    public BackoffDefinition? Backoff { get; init; }

    /// <summary>How long to wait after a try that failed.</summary>
    /// <param name="attempt">The try, from 1.</param>
    /// <param name="random">From 0 to 1: where between half of the delay and all of it, where there is jitter.</param>
    internal TimeSpan DelayAfter(int attempt, double random)
    {
        if (Backoff is null)
        {
            return TimeSpan.FromMilliseconds(RetryDelayMs);
        }

        // The power may be infinite; the cap is not. Zero times infinity is no number, and no delay.
        double delay = RetryDelayMs == 0 ? 0 : Math.Min(RetryDelayMs * Math.Pow(Backoff.Factor, attempt - 1), Backoff.MaxDelayMs);
        return TimeSpan.FromMilliseconds(Backoff.HasJitter ? delay * (0.5 + (random / 2)) : delay);
    }

    /// <summary>The reference as it stands in answers.</summary>
    internal byte[] ReferenceLiteral { get; } = JsonBytes.Literal(Reference);
}

/// <summary>How the delay between two tries grows. Written by the generator.</summary>
/// <param name="Factor">Key <c>hook.retry.factor</c>: each delay is this many times the one before.</param>
/// <param name="MaxDelayMs">Key <c>hook.retry.max_delay_ms</c>: the longest delay, in milliseconds.</param>
/// <param name="HasJitter">Key <c>hook.retry.jitter</c>: whether a delay is a random part of itself, from half to all of it.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record BackoffDefinition(double Factor, int MaxDelayMs, bool HasJitter);

/// <summary>One program. Written by the generator.</summary>
/// <param name="Name">The program's name in the spec.</param>
/// <param name="Description">Key <c>program.description</c>.</param>
/// <param name="Args">Key <c>program.args</c>.</param>
/// <param name="Outputs">Key <c>program.outputs</c>, in the spec's order.</param>
/// <param name="Plan">The program with its dependencies and nested programs, flattened.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record ProgramDefinition(
    string Name,
    string? Description,
    ArgDefinition[] Args,
    ArgDefinition[] Outputs,
    PlanOp[] Plan)
{
    /// <summary>
    /// Key <c>program.key</c>: the names of the arguments whose values a run holds, in the spec's order. Empty where it holds nothing; null where
    /// the key is absent, so that a run is alone.
    /// </summary>
    public string[]? Key { get; init; }

    /// <summary>Key <c>program.when_stuck</c>: whether a stuck run keeps its keys until an operator has settled it.</summary>
    public bool HoldsKeysWhenStuck { get; init; }

    /// <summary>The slots of <see cref="Key"/>.</summary>
    internal int[]? KeySlots => field ??= Key is null ? null : [.. Key.Select(name => Args.First(arg => arg.Name == name).Slot)];
}

/// <summary>A compiled spec. Written by the generator.</summary>
/// <param name="Name">Key <c>name</c>.</param>
/// <param name="Version">Key <c>version</c>.</param>
/// <param name="Variables">The name of each slot of the pool.</param>
/// <param name="Hooks">The hooks, by index.</param>
/// <param name="Programs">The programs, by index.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record SpecDefinition(
    string Name,
    string? Version,
    string[] Variables,
    HookDefinition[] Hooks,
    ProgramDefinition[] Programs)
{
    /// <summary>Whether a program has a key, so that runs may go side by side.</summary>
    internal bool IsKeyed => Array.Exists(Programs, p => p.Key is not null);
}
