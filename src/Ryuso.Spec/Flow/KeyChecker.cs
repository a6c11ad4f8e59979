using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Flow;

/// <summary>Checks what the keys of programs mean for their runs.</summary>
internal sealed class KeyChecker(ProblemList problems, Planner planner, IReadOnlyList<SpecItem> programs, IReadOnlyList<SpecItem> hooks)
{
    public void Check(FlowItem[] programItems, FlowItem[] hookItems, IReadOnlyList<Plan> plans)
    {
        ReportOverwritten(programItems, hookItems, plans);
        ReportNothingToHold();
        ReportAlone();
    }

    private void ReportOverwritten(FlowItem[] programItems, FlowItem[] hookItems, IReadOnlyList<Plan> plans)
    {
        List<(FlowArg Output, SpecItem Program)> writes = [];
        foreach ((FlowItem program, Plan plan) in programItems.Where(p => !p.Part.IsBroken).Zip(plans, (program, plan) => (program, plan)))
        {
            if (program.Part.Program!.Key is { Count: > 0 } key)
            {
                HashSet<string> names = [.. key];
                writes.AddRange(HooksOf(plan).SelectMany(h => hookItems[h].Outputs ?? []).Where(o => names.Contains(o.Name)).Select(o => (o, program.Part)));
            }
        }

        foreach (IGrouping<FlowArg, SpecItem> same in writes.GroupBy(w => w.Output, w => w.Program))
        {
            FlowArg output = same.Key;
            problems.Add(ProblemCodes.KeyOverwritten, output.Key, output.Path,
                $"'{output.Owner.Reference}' writes '{output.Name}', which is a key of {ProgramNames.Of(same)}: the hooks after it work on something that the run does not hold. Write to a variable of another name.",
                ProblemSeverity.Warning, same.Select(p => p.KeyOfSection("key")).Take(ProgramNames.MaxNamed));
        }
    }

    /// <summary>The hooks that a run of the plan may call, each once, the way back included.</summary>
    private IEnumerable<int> HooksOf(Plan plan)
    {
        List<int> line = [.. Invoked(plan.Steps).Distinct()];
        HashSet<SpecItem> once = [];
        return line.Concat(line.SelectMany(h => Invoked(planner.Flatten(hooks[h].Rectifiers, once)))).Distinct();

        static IEnumerable<int> Invoked(IEnumerable<PlanOp> steps) => steps.Where(s => s.Kind == PlanOpKind.InvokeHook).Select(s => s.Index);
    }

    private void ReportNothingToHold()
    {
        foreach (SpecItem program in programs.Where(p => p.Program!.Key is not { Count: > 0 } && !p.IsBroken))
        {
            if (program.Property.Value.Find("when_stuck") is { Kind: JsonKind.String, Text: "hold" } value)
            {
                problems.Add(ProblemCodes.NothingToHold, value.Range, program.Path + ".when_stuck",
                    "The program has no key, so a stuck run of it holds nothing. Add \"key\", or write \"go_on\".", ProblemSeverity.Warning);
            }
        }
    }

    private void ReportAlone()
    {
        if (programs.FirstOrDefault(HasKey) is not { } keyed)
        {
            return;
        }

        foreach (SpecItem program in programs.Where(p => !HasKey(p) && !p.Property.Value.LostMembers))
        {
            problems.Add(ProblemCodes.ProgramRunsAlone, program.Property.Key, program.Path,
                "This program has no key and runs alone: it waits for every run before it, and every run after it waits for it. Add \"key\", or \"key\": [] where it needs to hold nothing.",
                ProblemSeverity.Info, keyed.KeyOfSection("key"));
        }

        static bool HasKey(SpecItem program) => program.Program!.Key is not null;
    }
}
