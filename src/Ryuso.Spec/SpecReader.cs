using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Validation;

namespace Ryuso.Spec;

/// <summary>Text in; model, plans and problems out.</summary>
public static class SpecReader
{
    /// <summary>Reads a spec. Never throws for what the text says: every problem is in the result.</summary>
    public static SpecResult Read(string text)
    {
        var problems = new ProblemList(text);
        SpecNode? root = new JsonParser(text, (code, start, length, message) => problems.Add(code, start, length, "", message)).Parse();
        SpecModel? model = root is null ? null : new SpecValidator(problems).Validate(root);
        if (model is null || problems.HasErrors)
        {
            return Failed(problems);
        }

        var planner = new Planner(model);
        foreach (List<SpecReference> cycle in planner.Cycles())
        {
            (SpecProperty at, string path) = Find(root!, cycle[0]);
            problems.Add(ProblemCodes.Cycle, at, path, $"'{path}' reaches itself: {string.Join(" → ", cycle)}. Remove one of these references.");
        }

        if (problems.HasErrors)
        {
            return Failed(problems);
        }

        foreach (ProgramModel program in model.Programs)
        {
            CheckLength(program.Hooks, new SpecReference(ReferenceKind.Program, program.Name), "plan");
        }

        foreach (HookModel hook in model.Hooks)
        {
            CheckLength(hook.Rectifiers, new SpecReference(ReferenceKind.Hook, hook.Name), "way back");
        }

        return problems.HasErrors ? Failed(problems) : new SpecResult(
            model,
            new(model.Programs.Select(p => new Plan(p.Name, planner.Flatten(p.Hooks)))),
            new(model.Hooks.Select(h => new ReversalPlan(h.Name, new(h.Rectifiers.Select(r => planner.Flatten([r])))))),
            problems.InOrder);

        void CheckLength(EquatableArray<SpecReference> references, SpecReference owner, string what)
        {
            if (planner.Length(references) > Planner.MaxSteps)
            {
                (SpecProperty at, string path) = Find(root!, owner);
                problems.Add(ProblemCodes.PlanTooLong, at, path, $"The {what} of '{path}' has more than {Planner.MaxSteps:N0} steps once its dependencies and nested programs are flattened. Split it.");
            }
        }
    }

    private static SpecResult Failed(ProblemList problems) => new(null, default, default, problems.InOrder);

    private static (SpecProperty Property, string Path) Find(SpecNode root, SpecReference reference) =>
        (root.Find(reference.Kind == ReferenceKind.Hook ? "hooks" : "programs")!.Properties.First(p => p.Name == reference.Name), reference.ToString());
}
