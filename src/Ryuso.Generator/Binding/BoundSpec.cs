using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Binding;

/// <summary>What a hook method hands back.</summary>
internal enum HookReturn { Nothing, Result, Outputs }

/// <summary>What a parameter of a hook method is filled with.</summary>
internal enum HookInput { Args, Pool, Context, Cancellation }

/// <summary>A parameter of a hook method.</summary>
internal sealed record BoundParameter(HookInput Input, string Name);

/// <summary>The method of a hook in the shape that the user gave it. <see cref="Awaited"/> is the name of its task type, or null.</summary>
internal sealed record BoundMethod(
    string Modifiers,
    bool IsStatic,
    HookReturn Returns,
    string? Awaited,
    EquatableArray<BoundParameter> Parameters);

/// <summary>A hook and its method; null where the user's has a shape that cannot be called.</summary>
internal sealed record BoundHook(HookModel Hook, HookTarget Target, BoundMethod? Method);

/// <summary>
/// A hook class, as the generator completes it. <see cref="IsMade"/> says whether an instance is needed,
/// <see cref="IsUsable"/> whether one can be made.
/// </summary>
internal sealed record BoundClass(
    string Namespace,
    string Name,
    string Keyword,
    bool IsMade,
    bool IsUsable,
    EquatableArray<ConstructorParameter> Constructor,
    EquatableArray<BoundHook> Hooks)
{
    public string FullName => Namespace + "." + Name;

    /// <summary>The generated file without its extension.</summary>
    public string File { get; init; } = "";
}

/// <summary>A spec joined with the user's hook classes: all that emission needs.</summary>
internal sealed record BoundSpec(GeneratableSpec Spec, EquatableArray<BoundClass> Classes, EquatableArray<string> ProgramFiles);
