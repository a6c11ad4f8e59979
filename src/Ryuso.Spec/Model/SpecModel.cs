using Ryuso.Spec.Text;

namespace Ryuso.Spec.Model;

/// <summary>A spec, without positions: two files that mean the same compare equal.</summary>
public sealed record SpecModel(
    string Name,
    string ModuleName,
    string? Version,
    EquatableArray<ProgramModel> Programs,
    EquatableArray<HookModel> Hooks)
{
    /// <summary>Whether a hook or program is not here at all, because not even its name and shape could be read: C# that implements it is then no stray.</summary>
    public bool IsPartial { get; init; }
}

/// <summary>One entry of <c>programs</c>.</summary>
public sealed record ProgramModel(
    string Name,
    string? Description,
    EquatableArray<SpecReference> Hooks,
    EquatableArray<ArgModel> Args,
    EquatableArray<ArgModel> Outputs)
{
    /// <summary>
    /// Key <c>program.key</c>: the names of the arguments whose values a run holds, in the spec's order. Empty where it holds nothing; null where the
    /// key is absent, so that the program runs alone.
    /// </summary>
    public EquatableArray<string>? Key { get; init; }

    /// <summary>Key <c>program.when_stuck</c>, default <c>hold</c> where there is a key: whether a stuck run holds its keys until an operator has settled it.</summary>
    public bool IsHeldWhenStuck { get; init; }

    /// <summary>Whether an error stands in it or in something that it reaches. It has no plan; its args and outputs are the best guess, good for types.</summary>
    public bool IsBroken { get; init; }
}

/// <summary>One entry of <c>hooks</c>. <see cref="Outputs"/> is null where the key is absent.</summary>
public sealed record HookModel(
    string Name,
    string Reference,
    string? Description,
    EquatableArray<ArgModel> Args,
    EquatableArray<ArgModel>? Outputs,
    EquatableArray<SpecReference> Dependencies,
    EquatableArray<SpecReference> Rectifiers,
    int Attempts,
    int RetryDelayMs,
    int? TimeoutMs,
    bool RectifySelf)
{
    /// <summary>How the delay between tries grows; null where it is the same each time.</summary>
    public BackoffModel? Backoff { get; init; }

    /// <summary>Whether an error stands in it or in something that it reaches. It has no way back; its args and outputs are the best guess, good for types.</summary>
    public bool IsBroken { get; init; }
}

/// <summary>How the delay between two tries grows.</summary>
/// <param name="Factor">Key <c>hook.retry.factor</c>.</param>
/// <param name="MaxDelayMs">Key <c>hook.retry.max_delay_ms</c>, in milliseconds; a day where absent.</param>
/// <param name="HasJitter">Key <c>hook.retry.jitter</c>, true by default where the delay grows.</param>
public sealed record BackoffModel(double Factor, int MaxDelayMs, bool HasJitter);

/// <summary>One entry of an <c>args</c> or <c>outputs</c> dictionary. <see cref="Default"/> is compact JSON text, null where absent.</summary>
public sealed record ArgModel(string Name, SpecType Type, string? Description, string? Default, bool Required)
{
    /// <summary>Key <c>arg.items</c>: what the elements of a list are, without a name. Null where nothing is said of them.</summary>
    public ArgModel? Items { get; init; }

    /// <summary>Key <c>arg.fields</c>: what is in a dict. Null where nothing is said of it.</summary>
    public EquatableArray<ArgModel>? Fields { get; init; }
}

/// <summary>The six types of <c>arg.type</c>.</summary>
public enum SpecType
{
    /// <summary><c>string</c>, or <c>str</c>.</summary>
    String,

    /// <summary><c>int</c>: 64 bits.</summary>
    Int,

    /// <summary><c>float</c>.</summary>
    Float,

    /// <summary><c>bool</c>.</summary>
    Bool,

    /// <summary><c>list</c>.</summary>
    List,

    /// <summary><c>dict</c>.</summary>
    Dict,
}

/// <summary>The names of types.</summary>
public static class SpecTypes
{
    /// <summary>The name as specs write it.</summary>
    public static string NameOf(SpecType type) => type switch
    {
        SpecType.String => "string",
        SpecType.Int => "int",
        SpecType.Float => "float",
        SpecType.Bool => "bool",
        SpecType.List => "list",
        _ => "dict",
    };
}

/// <summary>A reference string: <c>hooks.NAME</c> or <c>programs.NAME</c>.</summary>
public sealed record SpecReference(ReferenceKind Kind, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => (Kind == ReferenceKind.Hook ? "hooks." : "programs.") + Name;
}

/// <summary>What a reference leads to.</summary>
public enum ReferenceKind
{
    /// <summary>An entry of <c>hooks</c>.</summary>
    Hook,

    /// <summary>An entry of <c>programs</c>.</summary>
    Program,
}
