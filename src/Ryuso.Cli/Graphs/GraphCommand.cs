using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Cli.Plans;
using Ryuso.Cli.Specs;

namespace Ryuso.Cli.Graphs;

/// <summary><c>ryuso graph</c>: the picture of programs.</summary>
internal static class GraphCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new SpecOptions(terminal);
        var format = new Option<string?>("--format") { Description = "svg, unless the output's name says otherwise", HelpName = "svg|mermaid|dot" };
        format.AcceptOnlyFromAmong("svg", "mermaid", "dot");
        var output = new Option<string?>("--output", "-o") { Description = "Where to write; the standard output where it is left out", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "What the picture shows, as 'plan --json' tells it" };
        var command = new Command("graph", "Draws programs: the line forward, and the way back.") { options.Program, options.Spec, format, output, json };
        command.SetAction(parsed =>
        {
            List<(LoadedSpec Spec, string Program)> chosen = options.Choose(parsed);
            if (chosen.Count == 0)
            {
                return ExitCodes.Failed;
            }

            List<(LoadedSpec Spec, PlanTree Tree)> trees = [.. chosen.Select(c => (c.Spec, PlanTree.Of(c.Spec, c.Program)))];
            string? file = parsed.GetValue(output);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. trees.Select(t => PlanJson.Of(t.Spec, t.Tree))]));
                return ExitCodes.Good;
            }

            string text = Draw([.. trees.Select(t => t.Tree)], parsed.GetValue(format) ?? FormatOf(file));
            if (file is null)
            {
                terminal.Out.Write(text);
            }
            else
            {
                File.WriteAllText(terminal.FullPath(file), text);
            }

            return ExitCodes.Good;
        });
        return command;
    }

    private static string Draw(IReadOnlyList<PlanTree> trees, string format) => format switch
    {
        "mermaid" => MermaidText.Of(trees),
        "dot" => DotText.Of(trees),
        _ => SvgPicture.Of(trees),
    };

    private static string FormatOf(string? file) => Path.GetExtension(file)?.ToUpperInvariant() switch
    {
        ".MMD" or ".MERMAID" => "mermaid",
        ".DOT" or ".GV" => "dot",
        _ => "svg",
    };
}
