using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec;

namespace Ryuso.Generator.Diagnostics;

/// <summary>A place in a file as a value, so that no syntax tree is kept alive.</summary>
internal sealed record LocationInfo(string File, TextSpan Span, LinePositionSpan Lines)
{
    public static LocationInfo Of(SyntaxNode node) => Of(node.GetLocation());

    public static LocationInfo Of(SyntaxToken token) => Of(token.GetLocation());

    /// <summary>A location within its syntax tree, where there is one: <c>#pragma</c> and .editorconfig work on these only.</summary>
    public Location ToLocation(Compilation compilation) =>
        compilation.SyntaxTrees.FirstOrDefault(t => t.FilePath == File && Span.End <= t.Length) is { } tree
            ? Location.Create(tree, Span)
            : Location.Create(File, Span, Lines);

    private static LocationInfo Of(Location location) =>
        new(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);
}

/// <summary>A diagnostic about C# as a value.</summary>
internal sealed record DiagnosticInfo(DiagnosticDescriptor Descriptor, LocationInfo? At, EquatableArray<string> Arguments)
{
    public static DiagnosticInfo Of(DiagnosticDescriptor descriptor, LocationInfo? at, params string[] arguments) =>
        new(descriptor, at, new(arguments));

    public Diagnostic ToDiagnostic(Compilation compilation) =>
        Diagnostic.Create(Descriptor, At?.ToLocation(compilation) ?? Location.None, [.. Arguments]);
}
