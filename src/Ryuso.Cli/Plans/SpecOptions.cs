using System.CommandLine;
using Ryuso.Cli.Check;
using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Plans;

/// <summary>The program and the spec on the command line of what explains programs.</summary>
internal sealed class SpecOptions
{
    private readonly Terminal _terminal;

    public SpecOptions(Terminal terminal)
    {
        _terminal = terminal;
        Program = new Argument<string?>("PROGRAM") { Description = "The program; all programs where it is left out", HelpName = "PROGRAM", Arity = ArgumentArity.ZeroOrOne };
        Program.CompletionSources.Add(context =>
            SpecSearch.Complete(terminal, context.ParseResult.GetValue(Spec!) is [var file, ..] ? file : null, s => s.Programs));
        Spec = new Option<string[]>("--spec") { Description = "The spec; otherwise it is looked for in this folder and below it", HelpName = "FILE" };
    }

    public Argument<string?> Program { get; }

    public Option<string[]> Spec { get; }

    /// <summary>The chosen programs that have a plan. Problems go to the error stream; one that has no plan because of them makes this empty.</summary>
    public List<(LoadedSpec Spec, string Program)> Choose(ParseResult parsed)
    {
        List<LoadedSpec> specs = [.. SpecSearch.Find(_terminal, parsed.GetValue(Spec) ?? []).Select(LoadedSpec.Read)];
        List<(LoadedSpec Spec, string Program)> chosen;
        if (parsed.GetValue(Program) is { } name)
        {
            string program = name.StartsWith("programs.", StringComparison.Ordinal) ? name["programs.".Length..] : name;
            if (!specs.Any(s => s.Programs.Contains(program)))
            {
                // A spec that cannot be read may have been the one.
                ReportErrors(specs.Where(s => s.Result.Model is null));
            }

            chosen = [(SpecSearch.WithProgram(specs, program, _terminal), program)];
        }
        else
        {
            ReportErrors(specs.Where(s => s.Result.Model is null));
            chosen = [.. specs.SelectMany(s => s.Programs.Select(p => (s, p)))];
        }

        if (chosen.Count == 0 && specs.All(s => s.Result.Model is not null))
        {
            throw new UsageException($"{string.Join(", ", specs.Select(s => _terminal.Show(s.Path)))} has no programs yet.");
        }

        List<LoadedSpec> broken = [.. chosen.Where(c => c.Spec.Plan(c.Program) is null).Select(c => c.Spec).Distinct()];
        ReportErrors(broken);
        return broken.Count == 0 ? chosen : [];
    }

    private void ReportErrors(IEnumerable<LoadedSpec> specs)
    {
        foreach (LoadedSpec spec in specs)
        {
            TextReport.WriteProblems(_terminal.Error, _terminal.Show(spec.Path), spec.Result.Problems.Where(p => p.Severity == ProblemSeverity.Error));
        }
    }
}
