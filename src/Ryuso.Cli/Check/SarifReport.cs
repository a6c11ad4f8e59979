using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>Problems as SARIF 2.1.0, for code scanning.</summary>
internal static class SarifReport
{
    public static void Write(Terminal terminal, IReadOnlyList<Finding> findings)
    {
        List<string> rules = [.. findings.Select(f => f.Code).Distinct().Order(StringComparer.Ordinal)];
        terminal.WriteJson(new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "ryuso",
                        ["semanticVersion"] = typeof(SarifReport).Assembly.GetName().Version!.ToString(3),
                        ["rules"] = new JsonArray([.. rules.Select(code => new JsonObject
                        {
                            ["id"] = code,
                            ["shortDescription"] = new JsonObject { ["text"] = ProblemTitles.Of(code) },
                        })]),
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = new JsonArray([.. findings.Select(f => Result(f, rules.IndexOf(f.Code)))]),
            }),
        });
    }

    private static JsonObject Result(Finding finding, int rule)
    {
        var result = new JsonObject
        {
            ["ruleId"] = finding.Code,
            ["ruleIndex"] = rule,
            ["level"] = finding.Severity == ProblemSeverity.Info ? "note" : finding.Level,
            ["message"] = new JsonObject { ["text"] = finding.Message },
            ["locations"] = new JsonArray(Location(finding.File, finding.Span)),
        };
        if (finding.Related.Count > 0)
        {
            result["relatedLocations"] = new JsonArray([.. finding.Related.Select(r => Location(finding.File, r))]);
        }

        return result;
    }

    private static JsonObject Location(string file, SpecSpan span) => new()
    {
        ["physicalLocation"] = new JsonObject
        {
            ["artifactLocation"] = new JsonObject { ["uri"] = Path.IsPathRooted(file) ? new Uri(file).AbsoluteUri : Uri.EscapeDataString(file).Replace("%2F", "/", StringComparison.Ordinal) },
            ["region"] = new JsonObject
            {
                ["startLine"] = span.Line + 1,
                ["startColumn"] = span.Column + 1,
                ["endLine"] = span.EndLine + 1,
                ["endColumn"] = span.EndColumn + 1,
            },
        },
    };
}
