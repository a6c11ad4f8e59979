using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU1xx: what a spec means. Reports whatever is wrong with one, at its place in the JSON file.</summary>
internal static class SpecDiagnostics
{
    private static readonly DiagnosticDescriptor s_unknownKey = Error(ProblemCodes.UnknownKey, "A key that no spec has");
    private static readonly DiagnosticDescriptor s_missingKey = Error(ProblemCodes.MissingKey, "A required key is absent");
    private static readonly DiagnosticDescriptor s_wrongType = Error(ProblemCodes.WrongType, "A value of the wrong type");
    private static readonly DiagnosticDescriptor s_badDefault = Error(ProblemCodes.BadDefault, "A default that is not of its type");
    private static readonly DiagnosticDescriptor s_unresolved = Error(ProblemCodes.UnresolvedReference, "A reference to nothing");
    private static readonly DiagnosticDescriptor s_cycle = Error(ProblemCodes.Cycle, "A hook or program that reaches itself");
    private static readonly DiagnosticDescriptor s_badName = Error(ProblemCodes.BadName, "A name that cannot stand in C#");
    private static readonly DiagnosticDescriptor s_collision = Error(ProblemCodes.NameCollision, "Two names that are one in C#");
    private static readonly DiagnosticDescriptor s_badReference = Error(ProblemCodes.BadReference, "A reference that is no dotted name");
    private static readonly DiagnosticDescriptor s_outOfRange = Error(ProblemCodes.OutOfRange, "A number outside its range");
    private static readonly DiagnosticDescriptor s_engineOwned = Error(ProblemCodes.EngineOwned, "A name that the engine owns");
    private static readonly DiagnosticDescriptor s_tooLong = Error(ProblemCodes.PlanTooLong, "A plan that is too long");
    private static readonly DiagnosticDescriptor s_notProvided = Flow(ProblemCodes.ArgumentNotProvided, "A required argument that nothing provides", DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_notWritten = Flow(ProblemCodes.OutputNotWritten, "A required output that nothing writes", DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_otherType = Flow(ProblemCodes.ReadAsOtherType, "A variable read as another type than it was written", DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_notRead = Flow(ProblemCodes.ArgumentNotRead, "A program argument that nobody reads", DiagnosticSeverity.Warning);
    private static readonly DiagnosticDescriptor s_notReached = Flow(ProblemCodes.HookNotReached, "A hook that no program reaches", DiagnosticSeverity.Info);
    private static readonly DiagnosticDescriptor s_mayLack = Flow(ProblemCodes.RectifierMayLack, "A rectifier that may lack what it requires", DiagnosticSeverity.Warning);
    private static readonly DiagnosticDescriptor s_sameName = Error("RYU113", "Two specs of one name");

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byCode = new[]
    {
        s_unknownKey, s_missingKey, s_wrongType, s_badDefault, s_unresolved, s_cycle,
        s_badName, s_collision, s_badReference, s_outOfRange, s_engineOwned, s_tooLong,
        s_notProvided, s_notWritten, s_otherType, s_notRead, s_notReached, s_mayLack,
    }.Concat(SyntaxDiagnostics.All).ToDictionary(d => d.Id);

    public static Diagnostic Of(string file, Problem problem) => Diagnostic.Create(
        s_byCode[problem.Code],
        At(file, problem.Span),
        problem.Related.Select(related => At(file, related)),
        $"{problem.Message} [{Path.GetFileName(file)}]");

    public static Diagnostic SameName(string file, string name, string other) => Diagnostic.Create(
        s_sameName,
        Location.Create(file, default, default),
        $"The specs {Path.GetFileName(file)} and {Path.GetFileName(other)} are both named '{name}', which gives both the same C# names. Rename one.");

    private static Location At(string file, SpecSpan span) => Location.Create(
        file,
        new TextSpan(span.Start, span.Length),
        new LinePositionSpan(new(span.Line, span.Column), new(span.EndLine, span.EndColumn)));

    /// <summary>Not to be turned off: a program whose spec is broken has no line, and must not be built.</summary>
    internal static DiagnosticDescriptor Error(string id, string title) =>
        new(id, title, "{0}", "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.NotConfigurable);

    private static DiagnosticDescriptor Flow(string id, string title, DiagnosticSeverity severity) =>
        new(id, title, "{0}", "Ryuso", severity, isEnabledByDefault: true);
}
