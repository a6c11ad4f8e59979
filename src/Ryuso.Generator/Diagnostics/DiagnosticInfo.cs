using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Diagnostics;

/// <summary>A place in a file as a value, so that no syntax tree is kept alive.</summary>
internal sealed record LocationInfo(string File, TextSpan Span, LinePositionSpan Lines)
{
    public static LocationInfo Of(SyntaxToken token)
    {
        Location location = token.GetLocation();
        return new LocationInfo(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);
    }

    public static LocationInfo Of(string file, SpecSpan span) => new(
        file,
        new TextSpan(span.Start, span.Length),
        new LinePositionSpan(new(span.Line, span.Column), new(span.EndLine, span.EndColumn)));

    public Location ToLocation() => Location.Create(File, Span, Lines);

    /// <summary>A location within its syntax tree, where there is one: <c>#pragma</c> and .editorconfig work on these only.</summary>
    public Location ToLocation(Compilation compilation) =>
        compilation.SyntaxTrees.FirstOrDefault(t => t.FilePath == File && Span.End <= t.Length) is { } tree
            ? Location.Create(tree, Span)
            : ToLocation();
}

/// <summary>A diagnostic about hooks as a value, with the fix that goes with it.</summary>
internal sealed record DiagnosticInfo(DiagnosticDescriptor Descriptor, LocationInfo? At, EquatableArray<string> Arguments, HookFix? Fix = null)
{
    public static DiagnosticInfo Of(DiagnosticDescriptor descriptor, LocationInfo? at, params string[] arguments) =>
        new(descriptor, at, new(arguments));

    public Diagnostic ToDiagnostic(Compilation compilation) =>
        Diagnostic.Create(Descriptor, At?.ToLocation(compilation) ?? Location.None, [.. Arguments]);
}
