using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Flow;

/// <summary>Checks that what is read along the lines can have been written, and says so once for each mistake.</summary>
internal sealed class FlowChecker(ProblemList problems, Planner planner, IReadOnlyList<SpecItem> programs, IReadOnlyList<SpecItem> hooks, IReadOnlyList<Plan> plans)
{
    /// <param name="isWhole">Whether nothing of the spec is broken, so that what is not reached is reached by nobody.</param>
    public void Check(bool isWhole)
    {
        var variables = new FlowVariables();
        FlowItem[] programParts = [.. programs.Select(variables.Of)];
        FlowItem[] hookParts = [.. hooks.Select(variables.Of)];
        var walk = new FlowWalk(problems, planner, variables, programParts, hookParts);
        foreach ((FlowItem program, Plan plan) in programParts.Where(p => !p.Part.IsBroken).Zip(plans, (program, plan) => (program, plan)))
        {
            walk.Run(program, plan.Steps);
            ReportNotRead(program, walk);
        }

        new KeyChecker(problems, planner, programs, hooks).Check(programParts, hookParts, plans);

        ReportNotProvided(walk);
        ReportOtherTypes(walk);
        ReportMayLack(walk);
        if (isWhole && programs.Count > 0)
        {
            ReportNotReached();
        }
    }

    private void ReportNotRead(FlowItem program, FlowWalk walk)
    {
        foreach (FlowArg arg in program.Args.Where(a => !walk.IsRead(a) && program.Part.Program!.Key?.Contains(a.Name) != true))
        {
            IEnumerable<string> read = walk.ReadNames.Where(n => Array.TrueForAll(program.Args, a => a.Name != n));
            problems.Add(ProblemCodes.ArgumentNotRead, arg.Key, arg.Path,
                $"No hook in '{program.Part.Reference}' names '{arg.Name}' among its args.{problems.Suggest(arg.Name, read)} Add it to the args of the hook that uses it, or remove it, unless a hook reads it from the pool.",
                ProblemSeverity.Info);
        }
    }

    private void ReportNotProvided(FlowWalk walk)
    {
        foreach (IGrouping<FlowArg, FlowFinding> same in Of(walk, FlowFault.NotProvided).GroupBy(f => f.Reader))
        {
            // Where others can provide it, the mistake is where this one is used. Inside a nested program it has been told there.
            HashSet<SpecItem> failing = [.. same.Select(f => f.Program)];
            List<FlowFinding> atUse = [.. same.Where(f => same.Key.IsProvided && f.Via is not null)];
            List<FlowFinding> atReader = [.. same.Except(atUse)];
            foreach (FlowFinding finding in atUse.Where(f => f.Within == f.Program || !failing.Contains(f.Within)).GroupBy(f => f.Via).Select(g => g.First()))
            {
                ReportAtUse(finding);
            }

            if (atReader.Count > 0)
            {
                ReportAtReader(atReader);
            }
        }
    }

    private void ReportAtUse(FlowFinding finding)
    {
        FlowArg reader = finding.Reader;
        bool isOutput = reader.Section == "outputs";
        problems.Add(isOutput ? ProblemCodes.OutputNotWritten : ProblemCodes.ArgumentNotProvided, finding.Via?.At ?? reader.Key, finding.Via?.Path ?? reader.Path,
            $"'{reader.Owner.Reference}' {(isOutput ? "promises" : "requires")} '{reader.Name}', which nothing {(isOutput ? "in it writes" : "before it provides")} when it runs in '{finding.Program.Reference}'.{finding.Near} {Provide(finding.Program)}",
            related: reader.Key);
    }

    private void ReportAtReader(List<FlowFinding> findings)
    {
        FlowArg reader = findings[0].Reader;
        IEnumerable<TextRange> uses = findings.Select(f => f.Via?.At).OfType<TextRange>().Distinct().Take(ProgramNames.MaxNamed);
        string inPrograms = Programs(findings);
        if (reader.IsEngineOwned)
        {
            problems.Add(ProblemCodes.ArgumentNotProvided, reader.Key, reader.Path, $"'{reader.Name}' stands in answers only; no hook can read it. Remove it.", related: uses);
        }
        else if (reader.Section == "outputs")
        {
            problems.Add(ProblemCodes.OutputNotWritten, reader.Key, reader.Path,
                $"No hook of {inPrograms} writes '{reader.Name}', and no argument brings it.{findings[0].Near} Add it to the outputs of a hook that runs there, give it a default or make it optional.", related: uses);
        }
        else
        {
            problems.Add(ProblemCodes.ArgumentNotProvided, reader.Key, reader.Path,
                $"Nothing that runs before '{reader.Owner.Reference}' in {inPrograms} provides '{reader.Name}'.{findings[0].Near} {Provide(findings[0].Program)}", related: uses);
        }
    }

    private void ReportOtherTypes(FlowWalk walk)
    {
        foreach (IGrouping<(FlowArg, FlowArg?), FlowFinding> same in Of(walk, FlowFault.OtherType).GroupBy(f => (f.Reader, f.Writer)))
        {
            (FlowArg reader, FlowArg? writer) = same.Key;
            string written = writer is null
                ? $"the engine sets it as {SpecTypes.NameOf(ReservedNames.ReadableAs(reader.Name)!.Value)}"
                : $"{writer.Path} writes it as {SpecTypes.NameOf(writer.Type)} in {Programs(same)}";
            problems.Add(ProblemCodes.ReadAsOtherType, reader.Key, reader.Path,
                $"'{reader.Name}' is read as {SpecTypes.NameOf(reader.Type)}, but {written}. Write the same type in both places.", related: writer is null ? [] : [writer.Key]);
        }
    }

    private void ReportMayLack(FlowWalk walk)
    {
        // What can never be there is an error already.
        HashSet<(FlowArg, SpecItem)> never = [.. Of(walk, FlowFault.NotProvided).Select(f => (f.Reader, f.Program))];
        foreach (IGrouping<(ItemReference?, FlowArg), FlowFinding> same in Of(walk, FlowFault.MayLack).Where(f => !never.Contains((f.Reader, f.Program))).GroupBy(f => (f.Via, f.Reader)))
        {
            FlowFinding first = same.First();
            problems.Add(ProblemCodes.RectifierMayLack, first.Via!.At, first.Via.Path,
                $"'{first.Reader.Owner.Reference}' requires '{first.Reader.Name}', which may not have been written yet when it must run in {Programs(same)}: the run would be stuck. Make {first.Reader.Path} optional, or see that it is written before.",
                ProblemSeverity.Warning, first.Reader.Key);
        }
    }

    private void ReportNotReached()
    {
        HashSet<SpecItem> reached = [.. programs];
        Queue<SpecItem> open = new(programs);
        while (open.Count > 0)
        {
            foreach (ItemReference edge in open.Dequeue().Edges)
            {
                if (reached.Add(edge.To))
                {
                    open.Enqueue(edge.To);
                }
            }
        }

        foreach (SpecItem hook in hooks.Where(h => !reached.Contains(h)))
        {
            problems.Add(ProblemCodes.HookNotReached, hook.Property.Key, hook.Path,
                $"No program reaches this hook. Name \"{hook.Reference}\" in a program, as a dependency or as a rectifier, or remove it.", ProblemSeverity.Info);
        }
    }

    private static IEnumerable<FlowFinding> Of(FlowWalk walk, FlowFault fault) => walk.Findings.Where(f => f.Fault == fault);

    private static string Provide(SpecItem program) => $"Add it to {program.Path}.args or to the outputs of a hook that runs before, give it a default or make it optional.";

    private static string Programs(IEnumerable<FlowFinding> findings) => ProgramNames.Of(findings.Select(f => f.Program));
}
