using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>Problems for scripts. Lines and columns count from one.</summary>
internal static class JsonReport
{
    public static void Write(Terminal terminal, IEnumerable<string> files, IReadOnlyList<Finding> findings) => terminal.WriteJson(new JsonObject
    {
        ["specs"] = new JsonArray([.. files.Select(f => JsonValue.Create(f))]),
        ["errors"] = findings.Count(f => f.Severity == ProblemSeverity.Error),
        ["warnings"] = findings.Count(f => f.Severity == ProblemSeverity.Warning),
        ["problems"] = new JsonArray([.. findings.Select(ToJson)]),
    });

    private static JsonObject ToJson(Finding finding)
    {
        var problem = new JsonObject
        {
            ["code"] = finding.Code,
            ["severity"] = finding.Level,
            ["file"] = finding.File,
            ["path"] = finding.Path,
            ["message"] = finding.Message,
        };
        AddPlace(problem, finding.Span);
        if (finding.Related.Count > 0)
        {
            problem["related"] = new JsonArray([.. finding.Related.Select(r => AddPlace([], r))]);
        }

        return problem;
    }

    private static JsonObject AddPlace(JsonObject target, SpecSpan span)
    {
        target["line"] = span.Line + 1;
        target["column"] = span.Column + 1;
        target["end_line"] = span.EndLine + 1;
        target["end_column"] = span.EndColumn + 1;
        return target;
    }
}
