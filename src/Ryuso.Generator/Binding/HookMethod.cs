using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;

namespace Ryuso.Generator.Binding;

/// <summary>A parameter as the user wrote it: the type by its simple name.</summary>
internal sealed record HookParameter(string Type, string Name, bool HasModifier);

/// <summary>An implementing part of a partial method, read from syntax alone. <see cref="Returns"/> holds simple names, such as <c>Task&lt;DebitOutputs&gt;</c>.</summary>
internal sealed record HookMethod(
    string Class,
    string Name,
    string Modifiers,
    bool IsStatic,
    bool IsReachable,
    bool IsGeneric,
    bool HasOwnDefinition,
    string Returns,
    EquatableArray<HookParameter> Parameters);

/// <summary>A constructor parameter by its full type name.</summary>
internal sealed record ConstructorParameter(string Type, bool IsOptional, bool IsUnknown);

/// <summary>What the user has written of a class, all its parts together.</summary>
internal sealed record HookClass(
    string Name,
    bool IsStatic,
    string? Unusable,
    EquatableArray<ConstructorParameter> Constructor);

/// <summary>Something of the user's code and where it stands.</summary>
internal sealed record Located<T>(T Value, LocationInfo At);
