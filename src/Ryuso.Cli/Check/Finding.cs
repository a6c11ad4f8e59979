using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>A problem of a file, as bad as the user wants it to be.</summary>
internal sealed record Finding(string File, string Code, ProblemSeverity Severity, SpecSpan Span, string Path, string Message, EquatableArray<SpecSpan> Related)
{
    /// <summary>The compiler's code for two specs of one project that would give the same C# names; no problem of one text, hence not in the catalogue.</summary>
    public const string SameName = "RYU113";

    public string Level => LevelOf(Severity);

    public static Finding Of(string file, Problem problem) => new(file, problem.Code, problem.Severity, problem.Span, problem.Path, problem.Message, problem.Related);

    public static string LevelOf(ProblemSeverity severity) => severity switch
    {
        ProblemSeverity.Error => "error",
        ProblemSeverity.Warning => "warning",
        _ => "info",
    };
}
