using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>Joins hooks with the methods that the user wrote for them. A method that fits no hook is judged by <see cref="HookDiagnosticsReporter"/>.</summary>
internal static class HookBinder
{
    public static BoundSpec Bind(GeneratableSpec spec, IEnumerable<HookMethod> methods, IEnumerable<HookClass> classes)
    {
        ILookup<string, HookMethod> written = methods.ToLookup(m => m.Class + "." + m.Name);
        Dictionary<string, HookClass> known = classes.ToDictionary(c => c.Name);
        List<BoundClass> bound = [.. spec.HooksByClass.Select(hooks => BindClass(spec, hooks, known, written))];
        IReadOnlyList<string> files = FileNames.Unique(bound.Select(c => c.FullName).Concat(spec.Model.Programs.Select(p => $"{spec.Namespace}.Programs.{SpecNaming.ToPascalCase(p.Name)}")));
        return new BoundSpec(
            spec,
            new(bound.Select((c, i) => c with { File = files[i] })),
            new(files.Skip(bound.Count)));
    }

    private static BoundClass BindClass(
        GeneratableSpec spec,
        IReadOnlyList<HookOfClass> hooks,
        Dictionary<string, HookClass> known,
        ILookup<string, HookMethod> written)
    {
        HookTarget first = hooks[0].Target;
        known.TryGetValue(first.FullClass, out HookClass? type);
        bool isStatic = type is { IsStatic: true };
        List<BoundHook> methods = [.. hooks.Select(h => new BoundHook(h.Hook, h.Target, Method(h.Hook, h.Target)))];
        return new BoundClass(
            first.Namespace,
            first.Class,
            type?.Keyword ?? "class",
            !isStatic && methods.Any(m => m.Method is { IsStatic: false }),
            type?.Unusable is null,
            type?.Constructor ?? default,
            new(methods));

        BoundMethod? Method(HookModel hook, HookTarget target) =>
            HookShape.Candidates(written[target.FullClass + "." + target.Method], m => m) is { Count: > 0 } bodies ? new HookShape(spec, hook, target).Of(bodies[0], isStatic).Method
            : type?.Unusable is null ? HookShape.Default(isStatic)
            : null;
    }
}
