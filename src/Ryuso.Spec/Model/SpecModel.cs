namespace Ryuso.Spec.Model;

/// <summary>A whole valid spec, without positions: two files that mean the same compare equal.</summary>
public sealed record SpecModel(
    string Name,
    string ModuleName,
    string? Version,
    EquatableArray<ProgramModel> Programs,
    EquatableArray<HookModel> Hooks);

/// <summary>One entry of <c>programs</c>.</summary>
public sealed record ProgramModel(
    string Name,
    string? Description,
    EquatableArray<SpecReference> Hooks,
    EquatableArray<ArgModel> Args,
    EquatableArray<ArgModel> Outputs);

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
    bool RectifySelf);

/// <summary>One entry of an <c>args</c> or <c>outputs</c> dictionary. <see cref="Default"/> is compact JSON text, null where absent.</summary>
public sealed record ArgModel(string Name, ArgType Type, string? Description, string? Default, bool Required);

/// <summary>The six types of <c>arg.type</c>.</summary>
public enum ArgType { String, Int, Float, Bool, List, Dict }

/// <summary>A reference string: <c>hooks.NAME</c> or <c>programs.NAME</c>.</summary>
public sealed record SpecReference(ReferenceKind Kind, string Name)
{
    public override string ToString() => (Kind == ReferenceKind.Hook ? "hooks." : "programs.") + Name;
}

public enum ReferenceKind { Hook, Program }
