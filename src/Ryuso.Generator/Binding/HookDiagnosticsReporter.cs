using Ryuso.Generator.Diagnostics;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Binding;

/// <summary>Says what is wrong with the user's hook classes and methods, at their places, and what would mend it.</summary>
internal sealed class HookDiagnosticsReporter(GeneratableSpec spec)
{
    private readonly List<DiagnosticInfo> _found = [];

    public EquatableArray<DiagnosticInfo> Found => new(_found);

    /// <summary>Judges everything that was written for a spec.</summary>
    /// <param name="methods">Every implementing part of the project.</param>
    /// <param name="classes">The hook classes that there are.</param>
    /// <param name="inSpec">Where a hook's reference stands in the spec.</param>
    public void ReportAll(IReadOnlyCollection<Located<HookMethod>> methods, IEnumerable<Located<HookClass>> classes, Func<HookModel, LocationInfo?> inSpec)
    {
        ILookup<string, Located<HookMethod>> written = methods.ToLookup(m => m.Value.Class);
        Dictionary<string, Located<HookClass>> known = classes.ToDictionary(c => c.Value.Name);
        HashSet<string> named = [];
        List<HookTarget> missing = [];
        foreach (IReadOnlyList<HookOfClass> hooks in spec.HooksByClass)
        {
            string name = hooks[0].Target.FullClass;
            known.TryGetValue(name, out Located<HookClass>? type);
            named.Add(name);
            missing.AddRange(ReportClass(hooks, type, [.. written[name]], inSpec));
        }

        foreach (var elsewhere in written.Where(w => !named.Contains(w.Key)))
        {
            ReportElsewhere(elsewhere, missing);
        }
    }

    /// <summary>Judges one class and gives back its hooks that have no method.</summary>
    public IEnumerable<HookTarget> ReportClass(
        IReadOnlyList<HookOfClass> hooks,
        Located<HookClass>? type,
        List<Located<HookMethod>> own,
        Func<HookModel, LocationInfo?> inSpec)
    {
        HookTarget first = hooks[0].Target;
        if (type?.Value.Unusable is { } unusable)
        {
            _found.Add(DiagnosticInfo.Of(HookDiagnostics.WrongClass, type.At, first.FullClass, unusable));
        }

        bool isStatic = type?.Value.IsStatic ?? false;
        ILookup<string, Located<HookMethod>> bodies = own.ToLookup(m => m.Value.Name);
        List<HookOfClass> missing = [.. hooks.Where(h => !bodies.Contains(h.Target.Method))];
        if (missing.Count > 0)
        {
            ReportMissing(missing, type, inSpec);
        }

        foreach ((HookModel hook, HookTarget target) in hooks.Where(h => bodies.Contains(h.Target.Method)))
        {
            ReportMethod(new HookShape(spec, hook, target), target, HookShape.Candidates(bodies[target.Method], m => m.Value), isStatic);
        }

        HashSet<string> methods = [.. hooks.Select(h => h.Target.Method)];
        foreach (Located<HookMethod> stray in own.Where(m => !spec.Model.IsPartial && !m.Value.HasOwnDefinition && !methods.Contains(m.Value.Name)))
        {
            ReportStray(stray, first, [.. missing.Select(m => m.Target.Method)], methods);
        }

        return missing.Select(m => m.Target);
    }

    private void ReportMissing(List<HookOfClass> missing, Located<HookClass>? type, Func<HookModel, LocationInfo?> inSpec)
    {
        HookTarget first = missing[0].Target;
        bool isStatic = type?.Value.IsStatic ?? false;
        List<(string Words, string Code, string Example)> stubs = [.. missing.Select(m =>
        {
            BoundMethod method = new HookShape(spec, m.Hook, m.Target).Suggested(isStatic);
            return (
                $"{m.Target.Method} (hooks.{m.Hook.Name})",
                Stub(m.Hook, HookSignature.Full(method, m.Target, spec.PoolType)),
                HookSignature.Short(method, m.Target, spec.PoolType) + " { … }");
        })];
        string example = type is null
            ? $"namespace {first.Namespace}; public sealed partial class {first.Class} {{ {stubs[0].Example} }}"
            : stubs[0].Example;
        _found.Add(DiagnosticInfo.Of(
            type is null ? HookDiagnostics.MissingClass : HookDiagnostics.MissingHooks,
            type is null ? inSpec(missing[0].Hook) : type.At,
            first.FullClass,
            string.Join(", ", stubs.Select(s => s.Words)),
            example) with
        {
            Fix = new HookFix(type is null ? HookFix.WriteClass : HookFix.WriteHooks, first.Namespace, first.Class, string.Join("\n\n", stubs.Select(s => s.Code))),
        });
    }

    private void ReportMethod(HookShape shape, HookTarget target, IReadOnlyList<Located<HookMethod>> bodies, bool isStatic)
    {
        foreach (Located<HookMethod> extra in bodies.Skip(1))
        {
            _found.Add(DiagnosticInfo.Of(HookDiagnostics.ImplementedTwice, extra.At, $"{target.FullClass}.{target.Method}"));
        }

        HookMethod method = bodies[0].Value;
        if (shape.Of(method, isStatic).Problem is { } problem)
        {
            BoundMethod nearest = shape.Nearest(method, isStatic);
            _found.Add(DiagnosticInfo.Of(
                HookDiagnostics.WrongSignature,
                bodies[0].At,
                $"{target.FullClass}.{target.Method}",
                problem,
                HookSignature.Short(nearest, target, spec.PoolType, method.IsAsync)) with
            {
                Fix = new HookFix(HookFix.CorrectSignature, target.Namespace, target.Class, HookSignature.Full(nearest, target, spec.PoolType, method.IsAsync)),
            });
        }
    }

    /// <summary>A method in a hook class that the spec does not name. Without accessibility it is perhaps another generator's affair.</summary>
    private void ReportStray(Located<HookMethod> stray, HookTarget type, IReadOnlyCollection<string> missing, IReadOnlyCollection<string> all)
    {
        string? near = NearestName.Find(stray.Value.Name, missing);
        if (near is not null || stray.Value.IsReachable)
        {
            string? meant = near ?? NearestName.Find(stray.Value.Name, all);
            _found.Add(DiagnosticInfo.Of(
                HookDiagnostics.UnknownHook,
                stray.At,
                $"{type.FullClass}.{stray.Value.Name}",
                meant is null ? "add a hook to the spec, or remove 'partial'" : $"did you mean '{meant}'?") with
            {
                Fix = near is null ? null : new HookFix(HookFix.Rename, type.Namespace, type.Class, near),
            });
        }
    }

    /// <summary>A class that is no hook class, but whose methods or name say that it was meant as one.</summary>
    private void ReportElsewhere(IGrouping<string, Located<HookMethod>> written, List<HookTarget> missing)
    {
        Located<HookMethod> first = written.FirstOrDefault(m => m.Value.IsReachable && !m.Value.HasOwnDefinition);
        if (first is null)
        {
            return;
        }

        HookTarget meant = missing.FirstOrDefault(t => t.Class == first.Value.SimpleClass && written.Any(m => m.Value.Name == t.Method));
        string name = written.Key.Replace('+', '.');
        if (meant is not null)
        {
            _found.Add(DiagnosticInfo.Of(HookDiagnostics.WrongClass, first.At, name, written.Key.Contains('+')
                ? $"it must not stand inside another type; move it to the namespace {meant.Namespace}"
                : $"the spec's references lead to {meant.FullClass}; write 'namespace {meant.Namespace}'"));
        }
        else if (name.StartsWith(spec.Namespace + ".", StringComparison.Ordinal))
        {
            string method = $"{name}.{first.Value.Name}";
            string? near = NearestName.Find(method, [.. missing.Select(t => $"{t.FullClass}.{t.Method}")]);
            _found.Add(DiagnosticInfo.Of(HookDiagnostics.UnknownHook, first.At, method,
                near is null ? "add a hook to the spec, or remove 'partial'" : $"did you mean '{near}'?"));
        }
    }

    private static string Stub(HookModel hook, string signature) =>
        Comment(hook.Description ?? $"The hook '{hook.Name}'.") + signature + " => throw new global::System.NotImplementedException();";

    private static string Comment(string words) =>
        string.Concat(words.Split(['\r', '\n', '\u0085', '\u2028', '\u2029'], StringSplitOptions.RemoveEmptyEntries).Select(line => $"// {line.Trim()}\n"));
}
