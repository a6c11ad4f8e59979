using System.Globalization;
using Ryuso.Cli.Output;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>Problems as compilers print them, so that editors and build logs can link to them.</summary>
internal static class TextReport
{
    public static void Write(Terminal terminal, int specs, IReadOnlyList<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            WriteLine(terminal.Out, finding);
        }

        terminal.Out.WriteLine($"{Count(specs, "spec")} checked: {Count(findings, ProblemSeverity.Error)}, {Count(findings, ProblemSeverity.Warning)}.");
    }

    public static void WriteProblems(TextWriter writer, string file, IEnumerable<Problem> problems)
    {
        foreach (Problem problem in problems)
        {
            WriteLine(writer, Finding.Of(file, problem));
        }
    }

    private static void WriteLine(TextWriter writer, Finding finding) => writer.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{finding.File}({finding.Span.Line + 1},{finding.Span.Column + 1}): {finding.Level} {finding.Code}: {finding.Message}"));

    private static string Count(IEnumerable<Finding> findings, ProblemSeverity severity) =>
        Count(findings.Count(f => f.Severity == severity), Finding.LevelOf(severity));

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
