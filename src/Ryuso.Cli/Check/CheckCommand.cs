using System.CommandLine;
using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary><c>ryuso check</c>: the compiler's diagnostics without a build.</summary>
internal static class CheckCommand
{
    public static Command Create(Terminal terminal)
    {
        var specs = new Argument<string[]>("SPEC") { Description = "Spec files, or folders to look in; this folder where nothing is named", Arity = ArgumentArity.ZeroOrMore };
        var format = new Option<string>("--format") { Description = "How problems are told", HelpName = "text|json|sarif|github", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json", "sarif", "github");
        var json = new Option<bool>("--json") { Description = "The same as --format json" };
        var strict = new Option<bool>("--warnaserror") { Description = "Warnings are errors" };
        var command = new Command("check", "Tells what the compiler would say about specs: same codes, same places.") { specs, format, json, strict };
        command.SetAction(parsed =>
        {
            List<LoadedSpec> loaded = [.. SpecSearch.Find(terminal, parsed.GetValue(specs) ?? []).Select(LoadedSpec.Read)];
            List<Finding> findings = SpecChecker.Check(loaded, parsed.GetValue(strict), terminal.Show);
            switch (parsed.GetValue(json) ? "json" : parsed.GetValue(format))
            {
                case "json":
                    JsonReport.Write(terminal, loaded.Select(s => terminal.Show(s.Path)), findings);
                    break;
                case "sarif":
                    SarifReport.Write(terminal, findings);
                    break;
                case "github":
                    GitHubReport.Write(terminal, findings);
                    break;
                default:
                    TextReport.Write(terminal, loaded.Count, findings);
                    break;
            }

            return findings.Any(f => f.Severity == ProblemSeverity.Error) ? ExitCodes.Failed : ExitCodes.Good;
        });
        return command;
    }
}
