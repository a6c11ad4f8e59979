using System.Collections.Immutable;

namespace Ryuso.Generator.Diagnostics;

/// <summary>What a code fix has to write.</summary>
/// <param name="Kind">One of the constants.</param>
/// <param name="Namespace">The hook class's namespace.</param>
/// <param name="Class">The hook class.</param>
/// <param name="Code">The members, the signature or the name to write.</param>
internal sealed record HookFix(string Kind, string Namespace, string Class, string Code)
{
    public const string WriteHooks = nameof(WriteHooks);
    public const string WriteClass = nameof(WriteClass);
    public const string CorrectSignature = nameof(CorrectSignature);
    public const string Rename = nameof(Rename);

    public ImmutableDictionary<string, string?> ToProperties() => ImmutableDictionary<string, string?>.Empty
        .Add(nameof(Kind), Kind)
        .Add(nameof(Namespace), Namespace)
        .Add(nameof(Class), Class)
        .Add(nameof(Code), Code);

    public static HookFix? Of(ImmutableDictionary<string, string?> properties) =>
        properties.TryGetValue(nameof(Kind), out string? kind)
        && properties.TryGetValue(nameof(Namespace), out string? space)
        && properties.TryGetValue(nameof(Class), out string? type)
        && properties.TryGetValue(nameof(Code), out string? code)
            ? new HookFix(kind!, space!, type!, code!)
            : null;
}
