using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>Says what is wrong with the user's hook classes and methods, at their places.</summary>
internal static class HookJudge
{
    public static EquatableArray<DiagnosticInfo> Judge(
        ValidSpec spec,
        IReadOnlyCollection<Located<HookMethod>> methods,
        IReadOnlyCollection<Located<HookClass>> classes)
    {
        List<DiagnosticInfo> found = [];
        ILookup<string, Located<HookMethod>> written = methods.ToLookup(m => m.Value.Class);
        foreach (var group in spec.Model.Hooks.Select(h => (Hook: h, Target: SpecNaming.Target(spec.Model, h))).GroupBy(h => h.Target.FullClass))
        {
            JudgeClass(group.Key, [.. group], [.. written[group.Key]], classes.FirstOrDefault(c => c.Value.Name == group.Key));
        }

        return new(found);

        void JudgeClass(string name, List<(HookModel Hook, HookTarget Target)> hooks, List<Located<HookMethod>> own, Located<HookClass>? type)
        {
            bool isStatic = type?.Value.IsStatic ?? false;
            if (type?.Value.Unusable is { } unusable)
            {
                found.Add(DiagnosticInfo.Of(HookDiagnostics.WrongClass, type.At, name, unusable));
            }
            else if (type?.Value.Constructor.FirstOrDefault(p => p.IsUnknown) is { } unknown)
            {
                found.Add(DiagnosticInfo.Of(HookDiagnostics.WrongClass, type.At, name,
                    $"its constructor takes '{unknown.Type}', which cannot be found; types that other source generators make are invisible here"));
            }

            List<(HookModel Hook, HookTarget Target)> missing = [];
            foreach ((HookModel hook, HookTarget target) in hooks)
            {
                List<Located<HookMethod>> bodies = [.. own.Where(m => m.Value.Name == target.Method)];
                if (bodies.Count == 0)
                {
                    missing.Add((hook, target));
                }
                else
                {
                    JudgeMethod(hook, target, bodies);
                }
            }

            if (missing.Count > 0)
            {
                string list = string.Join(", ", missing.Select(m => $"{m.Target.Method} (hooks.{m.Hook.Name})"));
                string example = type is null
                    ? $"namespace {missing[0].Target.Namespace}; public sealed partial class {missing[0].Target.Class} {{ {HookShape.Example(missing[0].Hook, missing[0].Target, false, false)} }}"
                    : HookShape.Example(missing[0].Hook, missing[0].Target, isStatic, false);
                found.Add(DiagnosticInfo.Of(HookDiagnostics.MissingHooks, type?.At, name, list, example));
            }

            foreach (Located<HookMethod> stray in own.Where(m => !spec.Model.IsPartial && !m.Value.HasOwnDefinition && hooks.All(h => h.Target.Method != m.Value.Name)))
            {
                IEnumerable<string> candidates = (missing.Count > 0 ? missing : hooks).Select(h => h.Target.Method);
                found.Add(DiagnosticInfo.Of(HookDiagnostics.UnknownHook, stray.At, name + "." + stray.Value.Name,
                    NearestName.DidYouMean(stray.Value.Name, candidates) is { Length: > 0 } near ? "." + near : "; add one to the spec or remove 'partial'"));
            }
        }

        void JudgeMethod(HookModel hook, HookTarget target, List<Located<HookMethod>> bodies)
        {
            foreach (Located<HookMethod> extra in bodies.Skip(1))
            {
                found.Add(DiagnosticInfo.Of(HookDiagnostics.ImplementedTwice, extra.At, target.FullClass + "." + target.Method));
            }

            HookMethod method = bodies[0].Value;
            if (HookShape.Of(spec, hook, target, method).Problem is { } problem)
            {
                found.Add(DiagnosticInfo.Of(HookDiagnostics.WrongSignature, bodies[0].At, target.FullClass + "." + target.Method, problem,
                    HookShape.Example(hook, target, method.IsStatic, method.Returns.Contains("Task"))));
            }
        }
    }
}
