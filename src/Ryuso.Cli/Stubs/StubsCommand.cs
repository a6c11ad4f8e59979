using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Check;
using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Stubs;

/// <summary><c>ryuso stubs</c>: the methods that a spec's hooks need.</summary>
internal static class StubsCommand
{
    public static Command Create(Terminal terminal)
    {
        var hooks = new Argument<string[]>("HOOK")
        {
            Description = "The hooks; all hooks where none is named",
            HelpName = "HOOK",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var spec = new Option<string?>("--spec") { Description = "The spec; otherwise the one in this folder or below it", HelpName = "FILE" };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Writes a file for each hook class there; without it the code is printed",
            HelpName = "FOLDER",
        };
        var force = new Option<bool>("--force") { Description = "Overwrites files that exist" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Lists the files and writes none" };
        var json = new Option<bool>("--json") { Description = "Prints the result as JSON" };
        hooks.CompletionSources.Add(context => SpecSearch.Complete(terminal, context.ParseResult.GetValue(spec), s => s.Model.Hooks.Select(h => h.Name)));
        var command = new Command("stubs", "Prints the C# methods that a spec's hooks need, or writes them to files.")
        {
            hooks, spec, output, force, dryRun, json,
        };
        command.SetAction(parsed =>
        {
            LoadedSpec loaded = SpecSearch.One(terminal, parsed.GetValue(spec));
            if (loaded.Result.HasErrors)
            {
                TextReport.WriteProblems(terminal.Error, terminal.Show(loaded.Path), loaded.Result.Problems.Where(p => p.Severity == ProblemSeverity.Error));
                return ExitCodes.Failed;
            }

            List<StubClass> classes = StubClass.Of(loaded.Model, Choose(loaded.Model, parsed.GetValue(hooks) ?? []));
            if (parsed.GetValue(output) is not { } folder)
            {
                Print(terminal, classes, parsed.GetValue(json));
                return ExitCodes.Good;
            }

            List<StubFile> files = StubFile.Write(classes, terminal.FullPath(folder), "", parsed.GetValue(force), parsed.GetValue(dryRun));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(StubJson.Of(files, terminal));
            }
            else
            {
                StubFile.Report(terminal, files, parsed.GetValue(dryRun));
            }

            return ExitCodes.Good;
        });
        return command;
    }

    private static IEnumerable<HookModel> Choose(SpecModel spec, string[] named)
    {
        string[] names = [.. named.Select(n => n.StartsWith("hooks.", StringComparison.Ordinal) ? n["hooks.".Length..] : n)];
        return names.FirstOrDefault(n => spec.Hooks.All(h => h.Name != n)) is { } unknown
            ? throw new UsageException($"There is no hook '{unknown}'.{NearestName.DidYouMean(unknown, spec.Hooks.Select(h => h.Name))}")
            : spec.Hooks.Where(h => names.Length == 0 || names.Contains(h.Name));
    }

    private static void Print(Terminal terminal, List<StubClass> classes, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonArray([.. classes.Select(c => new JsonObject
            {
                ["file"] = c.RelativePath.Replace('\\', '/'),
                ["methods"] = new JsonArray([.. c.Methods.Select(m => JsonValue.Create(m))]),
                ["code"] = c.Code(""),
            })]));
            return;
        }

        terminal.Out.Write(string.Join("\n", classes.Select(c => $"// {c.RelativePath.Replace('\\', '/')}\n{c.Code("")}")));
    }
}
