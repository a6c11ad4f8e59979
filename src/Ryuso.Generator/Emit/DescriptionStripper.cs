using Ryuso.Generator.Binding;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Emit;

/// <summary>Leaves out the descriptions that a file does not hold, so that editing them does not emit it again.</summary>
internal static class DescriptionStripper
{
    /// <summary>A variable is described in the pool as where it is described first.</summary>
    public static BoundSpec OfPool(BoundSpec bound)
    {
        HashSet<string> described = [];
        SpecModel model = bound.Spec.Model;
        EquatableArray<ProgramModel> programs = new(model.Programs.Select(p => p with { Description = null, Args = First(p.Args), Outputs = First(p.Outputs) }));
        EquatableArray<HookModel> hooks = new(model.Hooks.Select(h => h with { Description = null, Args = First(h.Args), Outputs = h.Outputs is { } outputs ? First(outputs) : null }));
        return Map(bound, Strip, p => p) with { Spec = bound.Spec.With(programs, hooks) };

        EquatableArray<ArgModel> First(EquatableArray<ArgModel> args) =>
            new(args.Select(a => a.Description is not null && !described.Add(a.Name) ? a with { Description = null } : a));
    }

    public static BoundSpec OfOrchestrator(BoundSpec bound) => Map(bound, Strip, p => p with { Args = Strip(p.Args), Outputs = Strip(p.Outputs) });

    public static GeneratableSpec OfDefinition(BoundSpec bound) => Map(bound.Spec, Strip, p => p);

    /// <summary>Of a program only what its method shows: its words, and whether it has outputs.</summary>
    public static ClientModel OfClient(BoundSpec bound) => new(
        bound.Spec.Namespace,
        bound.Spec.Model.Name,
        new(bound.Spec.Model.Programs.Select(p => p with { Hooks = default, Args = default, Outputs = Strip(p.Outputs) })));

    private static BoundSpec Map(BoundSpec bound, Func<HookModel, HookModel> hook, Func<ProgramModel, ProgramModel> program) => bound with
    {
        Spec = Map(bound.Spec, hook, program),
        Classes = new(bound.Classes.Select(c => c with { Hooks = new(c.Hooks.Select(h => h with { Hook = hook(h.Hook) })) })),
    };

    private static GeneratableSpec Map(GeneratableSpec spec, Func<HookModel, HookModel> hook, Func<ProgramModel, ProgramModel> program) =>
        spec.With(new(spec.Model.Programs.Select(program)), new(spec.Model.Hooks.Select(hook)));

    private static HookModel Strip(HookModel hook) => hook with
    {
        Description = null,
        Args = Strip(hook.Args),
        Outputs = hook.Outputs is { } outputs ? Strip(outputs) : null,
    };

    private static EquatableArray<ArgModel> Strip(EquatableArray<ArgModel> args) => new(args.Select(Strip));

    private static ArgModel Strip(ArgModel arg) => arg with
    {
        Description = null,
        Items = arg.Items is { } items ? Strip(items) : null,
        Fields = arg.Fields is { } fields ? Strip(fields) : null,
    };
}
