using Microsoft.CodeAnalysis;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU2xx: the C# of hooks. RYU9xx: faults of the generator itself.</summary>
internal static class HookDiagnostics
{
    public static readonly DiagnosticDescriptor MissingHooks = Error("RYU201", "A hook has no method",
        "'{0}' lacks the hook methods {1}; add for example: {2}");

    public static readonly DiagnosticDescriptor WrongSignature = Error("RYU202", "A hook method has a shape that no hook can have",
        "The hook method '{0}' cannot be called: {1}; write for example: {2}");

    public static readonly DiagnosticDescriptor UnknownHook = Error("RYU203", "A hook method that the spec does not name",
        "The spec has no hook whose reference leads to '{0}'{1}");

    public static readonly DiagnosticDescriptor ImplementedTwice = Error("RYU204", "A hook has two methods",
        "The hook method '{0}' is implemented more than once; remove all but one");

    public static readonly DiagnosticDescriptor WrongClass = Error("RYU205", "A hook class that cannot be made",
        "The hook class '{0}' cannot be used: {1}");

    public static readonly DiagnosticDescriptor Internal = Error("RYU901", "The generator failed",
        "The Ryuso generator failed; please report this: {0}");

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
