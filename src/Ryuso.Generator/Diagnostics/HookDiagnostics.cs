using Microsoft.CodeAnalysis;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU2xx: the C# of hooks.</summary>
internal static class HookDiagnostics
{
    public static readonly DiagnosticDescriptor MissingHooks = Error("RYU201", "A hook class lacks methods",
        "The hook class '{0}' lacks the hook methods {1}; add for example: {2}");

    public static readonly DiagnosticDescriptor WrongSignature = Certain("RYU202", "A hook method has a shape that no hook can have",
        "The hook method '{0}' cannot be called: {1}; write: {2}");

    public static readonly DiagnosticDescriptor UnknownHook = Error("RYU203", "A hook method that the spec does not name",
        "The spec has no hook whose reference leads to '{0}'; {1}");

    public static readonly DiagnosticDescriptor ImplementedTwice = Error("RYU204", "A hook has two methods",
        "The hook method '{0}' is implemented more than once; remove all but one");

    public static readonly DiagnosticDescriptor WrongClass = Certain("RYU205", "A class that cannot hold hooks",
        "The hook class '{0}' cannot be used: {1}");

    public static readonly DiagnosticDescriptor MissingClass = Error("RYU206", "A hook class does not exist",
        "There is no hook class '{0}' with the hook methods {1}; write for example: {2}");

    public static readonly DiagnosticDescriptor SharedState = new("RYU207", "State of a hook class that several runs use at once",
        "Several runs use '{0}' at once, and its {1} '{2}' {3}, guard every use with a lock, or keep the value in the pool",
        "Ryuso", DiagnosticSeverity.Warning, isEnabledByDefault: true);

    /// <summary>Seen by nobody: editors offer fixes only where an analyzer has reported, and what is wrong has been told by the generator.</summary>
    public static readonly DiagnosticDescriptor Fixable = new("RYU299", "A hook can be mended by a code fix",
        "This can be mended by a code fix", "Ryuso", DiagnosticSeverity.Hidden, isEnabledByDefault: true);

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <summary>Not to be turned off: what is generated then could not call the hook.</summary>
    private static DiagnosticDescriptor Certain(string id, string title, string message) =>
        new(id, title, message, "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.NotConfigurable);
}
