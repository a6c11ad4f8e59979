using System.Globalization;
using Ryuso.Cli.Output;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>Problems as workflow commands: GitHub shows them at the line in the pull request.</summary>
internal static class GitHubReport
{
    public static void Write(Terminal terminal, IEnumerable<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            string command = finding.Severity == ProblemSeverity.Info ? "notice" : finding.Level;
            string place = string.Create(CultureInfo.InvariantCulture, $"line={finding.Span.Line + 1},endLine={finding.Span.EndLine + 1},col={finding.Span.Column + 1},endColumn={finding.Span.EndColumn + 1}");
            terminal.Out.WriteLine($"::{command} file={Property(finding.File)},{place},title={finding.Code}::{Data(finding.Message)}");
        }
    }

    private static string Data(string text) => text
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(text)
        .Replace(":", "%3A", StringComparison.Ordinal)
        .Replace(",", "%2C", StringComparison.Ordinal);
}
