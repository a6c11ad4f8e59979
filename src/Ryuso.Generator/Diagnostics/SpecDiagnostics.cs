using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU0xx and RYU1xx: what is wrong with a spec, at its place in the JSON file.</summary>
internal static class SpecDiagnostics
{
    private static readonly DiagnosticDescriptor s_syntax = Error(ProblemCodes.Syntax, "The spec is not JSON");
    private static readonly DiagnosticDescriptor s_duplicateKey = Error(ProblemCodes.DuplicateKey, "A key stands twice");
    private static readonly DiagnosticDescriptor s_tooDeep = Error(ProblemCodes.TooDeep, "The spec is nested too deep");
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
    private static readonly DiagnosticDescriptor s_sameName = Error("RYU113", "Two specs of one name");

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byCode = new[]
    {
        s_syntax, s_duplicateKey, s_tooDeep, s_unknownKey, s_missingKey, s_wrongType, s_badDefault, s_unresolved, s_cycle,
        s_badName, s_collision, s_badReference, s_outOfRange, s_engineOwned, s_tooLong,
    }.ToDictionary(d => d.Id);

    public static Diagnostic Of(string file, Problem problem) => Diagnostic.Create(
        s_byCode[problem.Code],
        Location.Create(
            file,
            new TextSpan(problem.Span.Start, problem.Span.Length),
            new LinePositionSpan(new(problem.Span.Line, problem.Span.Column), new(problem.Span.EndLine, problem.Span.EndColumn))),
        $"{problem.Message} [{Path.GetFileName(file)}]");

    public static Diagnostic SameName(string file, string name, string other) => Diagnostic.Create(
        s_sameName,
        Location.Create(file, default, default),
        $"The specs {Path.GetFileName(file)} and {Path.GetFileName(other)} are both named '{name}', which gives both the same C# names. Rename one.");

    private static DiagnosticDescriptor Error(string id, string title) =>
        new(id, title, "{0}", "Ryuso", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
