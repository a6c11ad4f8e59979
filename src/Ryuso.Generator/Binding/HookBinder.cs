using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>Joins hooks with the methods that the user wrote for them. A method that fits no hook is judged by <see cref="HookJudge"/>.</summary>
internal static class HookBinder
{
    public static BoundSpec Bind(ValidSpec spec, IEnumerable<HookMethod> methods, IEnumerable<HookClass> classes)
    {
        ILookup<string, HookMethod> written = methods.ToLookup(m => m.Class + "." + m.Name);
        Dictionary<string, HookClass> known = [];
        foreach (HookClass type in classes)
        {
            known[type.Name] = type;
        }

        var bound = spec.Model.Hooks
            .Select(hook => (Hook: hook, Target: SpecNaming.Target(spec.Model, hook)))
            .GroupBy(h => (h.Target.Namespace, h.Target.Class))
            .Select(group => BindClass(spec, group.Key.Namespace, group.Key.Class, group));
        return new BoundSpec(spec, new(bound));

        BoundClass BindClass(ValidSpec spec, string space, string name, IEnumerable<(HookModel Hook, HookTarget Target)> hooks)
        {
            known.TryGetValue(space + "." + name, out HookClass? type);
            List<BoundHook> methods = [.. hooks.Select(h => new BoundHook(
                h.Hook,
                h.Target,
                written[h.Target.FullClass + "." + h.Target.Method].FirstOrDefault() is { } method
                    ? HookShape.Of(spec, h.Hook, h.Target, method).Method
                    : HookShape.Default(type)))];
            return new BoundClass(
                space,
                name,
                type is not { IsStatic: true } && methods.Any(m => m.Method is { IsStatic: false }),
                type?.Unusable is null,
                type?.Constructor ?? default,
                new(methods));
        }
    }
}
