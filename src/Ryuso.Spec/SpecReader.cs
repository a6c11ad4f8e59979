using Ryuso.Spec.Flow;
using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;
using Ryuso.Spec.Validation;

namespace Ryuso.Spec;

/// <summary>Text in; model, plans and problems out.</summary>
public static class SpecReader
{
    /// <summary>Reads a spec. Never throws for what the text says: every problem is in the result.</summary>
    public static SpecResult Read(string text)
    {
        var problems = new ProblemList(new SpecText(text));
        SpecDraft? draft = JsonReader.Read(text, problems) is { } root ? new SpecValidator(problems).Validate(root) : null;
        if (draft is null)
        {
            return new SpecResult(null, default, default, problems.InOrder);
        }

        new SpecGraph(problems, draft.Parts).Check();
        List<SpecItem> kept = [.. draft.Parts.Where(p => !p.IsLeftOut)];
        List<SpecItem> programs = Numbered(kept.Where(p => p.Program is not null));
        List<SpecItem> hooks = Numbered(kept.Where(p => p.Hook is not null));
        var planner = new Planner();
        List<Plan> plans = [.. programs.Where(p => !p.IsBroken).Select(p => new Plan(p.Reference.Name, new(planner.Flatten(p.Line))))];
        List<ReversalPlan> reversals = [.. hooks.Where(h => !h.IsBroken).Select(h => new ReversalPlan(h.Reference.Name, new(h.Rectifiers.Select(r => new EquatableArray<PlanOp>(planner.Flatten([r]))))))];
        new FlowChecker(problems, planner, programs, hooks, plans).Check(isWhole: !draft.IsPartial && !kept.Any(p => p.IsBroken));
        if (draft.Name is null)
        {
            return new SpecResult(null, default, default, problems.InOrder);
        }

        var model = new SpecModel(
            draft.Name,
            SpecNaming.ToModuleName(draft.Name),
            draft.Version,
            new(programs.Select(p => p.IsBroken ? p.Program! with { IsBroken = true } : p.Program!)),
            new(hooks.Select(h => h.IsBroken ? h.Hook! with { IsBroken = true } : h.Hook!)))
        {
            IsPartial = draft.IsPartial,
        };
        return new SpecResult(model, new(plans), new(reversals), problems.InOrder);
    }

    private static List<SpecItem> Numbered(IEnumerable<SpecItem> parts)
    {
        List<SpecItem> numbered = [.. parts];
        for (int i = 0; i < numbered.Count; i++)
        {
            numbered[i].Index = i;
        }

        return numbered;
    }
}
