using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU1xx: what a spec means. Reports whatever is wrong with one, at its place in the JSON file.</summary>
internal static class SpecDiagnostics
{
    private static readonly DiagnosticDescriptor s_unknownKey = Error(ProblemCodes.UnknownKey);
    private static readonly DiagnosticDescriptor s_missingKey = Error(ProblemCodes.MissingKey);
    private static readonly DiagnosticDescriptor s_wrongType = Error(ProblemCodes.WrongType);
    private static readonly DiagnosticDescriptor s_badDefault = Error(ProblemCodes.BadDefault);
    private static readonly DiagnosticDescriptor s_unresolved = Error(ProblemCodes.UnresolvedReference);
    private static readonly DiagnosticDescriptor s_cycle = Error(ProblemCodes.Cycle);
    private static readonly DiagnosticDescriptor s_badName = Error(ProblemCodes.BadName);
    private static readonly DiagnosticDescriptor s_collision = Error(ProblemCodes.NameCollision);
    private static readonly DiagnosticDescriptor s_badReference = Error(ProblemCodes.BadReference);
    private static readonly DiagnosticDescriptor s_outOfRange = Error(ProblemCodes.OutOfRange);
    private static readonly DiagnosticDescriptor s_engineOwned = Error(ProblemCodes.EngineOwned);
    private static readonly DiagnosticDescriptor s_tooLong = Error(ProblemCodes.PlanTooLong);
    private static readonly DiagnosticDescriptor s_notProvided = Flow(ProblemCodes.ArgumentNotProvided, DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_notWritten = Flow(ProblemCodes.OutputNotWritten, DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_otherType = Flow(ProblemCodes.ReadAsOtherType, DiagnosticSeverity.Error);
    private static readonly DiagnosticDescriptor s_notRead = Flow(ProblemCodes.ArgumentNotRead, DiagnosticSeverity.Info);
    private static readonly DiagnosticDescriptor s_notReached = Flow(ProblemCodes.HookNotReached, DiagnosticSeverity.Info);
    private static readonly DiagnosticDescriptor s_mayLack = Flow(ProblemCodes.RectifierMayLack, DiagnosticSeverity.Warning);
    private static readonly DiagnosticDescriptor s_keyNotArgument = Error(ProblemCodes.KeyNotArgument);
    private static readonly DiagnosticDescriptor s_keyOfWrongType = Error(ProblemCodes.KeyOfWrongType);
    private static readonly DiagnosticDescriptor s_keyMayBeAbsent = Error(ProblemCodes.KeyMayBeAbsent);
    private static readonly DiagnosticDescriptor s_shapeOfOtherType = Error(ProblemCodes.ShapeOfOtherType);
    private static readonly DiagnosticDescriptor s_keyOverwritten = Flow(ProblemCodes.KeyOverwritten, DiagnosticSeverity.Warning);
    private static readonly DiagnosticDescriptor s_runsAlone = Flow(ProblemCodes.ProgramRunsAlone, DiagnosticSeverity.Info);
    private static readonly DiagnosticDescriptor s_nothingToHold = Flow(ProblemCodes.NothingToHold, DiagnosticSeverity.Warning);
    private static readonly DiagnosticDescriptor s_sameName = Error("RYU113");

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byCode = new[]
    {
        s_unknownKey, s_missingKey, s_wrongType, s_badDefault, s_unresolved, s_cycle,
        s_badName, s_collision, s_badReference, s_outOfRange, s_engineOwned, s_tooLong,
        s_keyNotArgument, s_keyOfWrongType, s_keyMayBeAbsent, s_shapeOfOtherType,
        s_notProvided, s_notWritten, s_otherType, s_notRead, s_notReached, s_mayLack,
        s_keyOverwritten, s_runsAlone, s_nothingToHold,
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
    internal static DiagnosticDescriptor Error(string id) =>
        new(id, ProblemTitles.Of(id), "{0}", "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.NotConfigurable);

    private static DiagnosticDescriptor Flow(string id, DiagnosticSeverity severity) =>
        new(id, ProblemTitles.Of(id), "{0}", "Ryuso", severity, isEnabledByDefault: true);
}
