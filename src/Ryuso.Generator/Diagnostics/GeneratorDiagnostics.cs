using Microsoft.CodeAnalysis;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU9xx: the generator itself.</summary>
internal static class GeneratorDiagnostics
{
    public static readonly DiagnosticDescriptor Internal = new("RYU901", "The generator failed",
        "The Ryuso generator failed; please report this: {0}", "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true);

    public static readonly DiagnosticDescriptor NoSpec = new("RYU902", "The project has no spec",
        "The project uses the package Ryuso but has no spec; add ryu_spec.json, or a file *.ryu.json, or set the property RyusoExpectsSpec to false",
        "Ryuso", DiagnosticSeverity.Warning, isEnabledByDefault: true);

    public static Diagnostic Failed(Exception exception) =>
        Diagnostic.Create(Internal, Location.None, exception.ToString().Replace("\r", "").Replace('\n', ' '));
}
