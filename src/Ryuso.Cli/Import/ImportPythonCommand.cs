using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Check;
using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;
using Ryuso.Cli.Stubs;
using Ryuso.Spec;
using Spectre.Console;

namespace Ryuso.Cli.Import;

/// <summary><c>ryuso import-python</c>: a spec of the Python original, taken as it is.</summary>
internal static class ImportPythonCommand
{
    public static Command Create(Terminal terminal)
    {
        var spec = new Argument<string>("SPEC") { Description = "The spec that the Python server runs", HelpName = "SPEC" };
        var output = new Option<string>("--output", "-o") { Description = "Where the hook stubs go", HelpName = "FOLDER", DefaultValueFactory = _ => "." };
        var force = new Option<bool>("--force") { Description = "Write over files that are there" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would differ and what would be written; write nothing" };
        var json = new Option<bool>("--json") { Description = "The report as JSON" };
        var command = new Command("import-python", "Tells what a spec of the Python original will do differently here, and writes its hooks' stubs.") { spec, output, force, dryRun, json };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(spec);
            LoadedSpec loaded = LoadedSpec.Read(SpecSearch.Find(terminal, [file]) is [var one] ? one : throw new UsageException($"'{file}' holds more than one spec. Name one."));
            List<Difference> differences = loaded.Result.Model is null ? [] : [.. PythonDifferences.Of(loaded.Model)];
            bool isDry = parsed.GetValue(dryRun);
            List<StubFile> stubs = loaded.Result.HasErrors ? [] : StubFile.Write(
                StubClass.Of(loaded.Model, loaded.Model.Hooks),
                terminal.FullPath(parsed.GetRequiredValue(output)),
                "In Python: ",
                parsed.GetValue(force),
                isDry);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(ToJson(loaded, differences, stubs, terminal));
            }
            else
            {
                Report(loaded, differences, stubs, isDry, terminal);
            }

            return loaded.Result.HasErrors ? ExitCodes.Failed : ExitCodes.Good;
        });
        return command;
    }

    private static void Report(LoadedSpec spec, List<Difference> differences, List<StubFile> stubs, bool dryRun, Terminal terminal)
    {
        TextReport.WriteProblems(terminal.Out, terminal.Show(spec.Path), spec.Result.Problems);
        if (spec.Result.HasErrors)
        {
            terminal.Out.WriteLine("The original ran this without looking; correct it first. Nothing was written.");
            terminal.Out.WriteLine();
        }

        if (differences.Count > 0)
        {
            terminal.Screen.MarkupLine("[bold]What this spec will do differently here[/]");
            foreach (Difference difference in differences)
            {
                var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(1)).AddColumn();
                grid.AddRow(new Text("-"), new Text(difference.Here));
                grid.AddRow(new Text(""), new Text(string.Join(", ", difference.Places), new Style(Color.Grey)));
                terminal.Screen.Write(grid);
            }

            terminal.Out.WriteLine();
        }

        StubFile.Report(terminal, stubs, dryRun);
        if (stubs.Count > 0)
        {
            terminal.Out.WriteLine("The spec itself needs no change: put it beside the project file. Clients need none either.");
        }
    }

    private static JsonObject ToJson(LoadedSpec spec, List<Difference> differences, List<StubFile> stubs, Terminal terminal) => new()
    {
        ["spec"] = terminal.Show(spec.Path),
        ["problems"] = new JsonArray([.. spec.Result.Problems.Select(p => new JsonObject { ["code"] = p.Code, ["line"] = p.Span.Line + 1, ["column"] = p.Span.Column + 1, ["message"] = p.Message })]),
        ["differences"] = new JsonArray([.. differences.Select(d => new JsonObject
        {
            ["topic"] = d.Topic,
            ["here"] = d.Here,
            ["places"] = new JsonArray([.. d.Places.Select(p => new JsonObject { ["reference"] = p.Reference, ["detail"] = p.Detail })]),
        })]),
        ["stubs"] = StubJson.Of(stubs, terminal),
    };
}
