using Ryuso.Generator.Diagnostics;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Binding;

/// <summary>A parameter as the user wrote it. <see cref="Obstacle"/> says what keeps it from being filled, such as <c>'ref'</c>.</summary>
internal sealed record HookParameter(WrittenType Type, string Name, string? Obstacle);

/// <summary>An implementing part of a partial method, read from syntax alone.</summary>
internal sealed record HookMethod(
    string Class,
    string Name,
    string Modifiers,
    bool IsStatic,
    bool IsAsync,
    bool IsReachable,
    bool IsGeneric,
    bool HasOwnDefinition,
    WrittenType Returns,
    EquatableArray<HookParameter> Parameters)
{
    /// <summary>The class without its namespace and enclosing types.</summary>
    public string SimpleClass => Class.Substring(Class.LastIndexOfAny(['.', '+']) + 1);

    public HookMethod Expand(Func<string, WrittenType?> aliases) => this with
    {
        Returns = Returns.Expand(aliases),
        Parameters = new(Parameters.Select(p => p with { Type = p.Type.Expand(aliases) })),
    };
}

/// <summary>A constructor parameter by its full type name.</summary>
internal sealed record ConstructorParameter(string Type, string Name, bool IsOptional);

/// <summary>What the user has written of a class, all its parts together.</summary>
internal sealed record HookClass(
    string Name,
    string Keyword,
    bool IsStatic,
    string? Unusable,
    EquatableArray<ConstructorParameter> Constructor);

/// <summary>Something of the user's code and where it stands.</summary>
internal sealed record Located<T>(T Value, LocationInfo At);
