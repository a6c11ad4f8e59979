using Ryuso.Cli.Plans;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Import;

/// <summary>A rule that the original did not have, and where a spec meets it.</summary>
internal sealed record Difference(string Topic, string Here, IReadOnlyList<Place> Places);

/// <summary>A hook or program, and the detail that matters there.</summary>
internal sealed record Place(string Reference, string? Detail = null)
{
    public override string ToString() => Detail is null ? Reference : $"{Reference} ({Detail})";
}

/// <summary>Which of the deliberate differences from the original a spec will meet.</summary>
internal static class PythonDifferences
{
    public static IEnumerable<Difference> Of(SpecModel spec)
    {
        var roles = new Roles(spec);
        return new Difference[]
        {
            new("args_checked", "Arguments are checked for presence and type before a program runs, and everything wrong is told at once. The original took what came.",
                [.. spec.Programs.Where(p => p.Args.Count > 0).Select(p => new Place(Of(p), ArgText.Of(p.Args)))]),
            new("outputs_checked", "A run that ends without a required output, or with one of another type, has failed, and all its steps are reversed. The original answered without a word.",
                [.. spec.Programs.Where(p => p.Outputs.Any(o => o.Required)).Select(p => new Place(Of(p), Names(p.Outputs.Where(o => o.Required))))]),
            new("hook_args_checked", "A hook's arguments are checked after its dependencies and before it runs. The original never looked at hook.args.",
                [.. spec.Hooks.Where(h => h.Args.Count > 0).Select(h => new Place(Of(h)))]),
            new("hook_defaults", "The default of a hook's argument is applied whenever the hook runs. In the original it only shaped generated code.",
                [.. spec.Hooks.Where(h => h.Args.Any(a => a.Default is not null)).Select(h => new Place(Of(h), Names(h.Args.Where(a => a.Default is not null))))]),
            new("fresh_defaults", "A list or dict that is a default is fresh for each run. In the original all requests shared one.",
                [.. Args(spec).Where(a => a.Arg is { Default: not null, Type: SpecType.List or SpecType.Dict }).Select(a => new Place(a.Owner, a.Arg.Name))]),
            new("nested_programs", "A program runs inside another. The original had this planned only.",
                [.. Nested(spec)]),
            new("dependencies_reversed", "A dependency that has run is reversed like every step when the run fails later. The original left it as it was.",
                [.. spec.Hooks.Where(h => h.Rectifiers.Count > 0 && roles.IsDependency(h)).Select(h => new Place(Of(h)))]),
            new("failed_dependency", "When a dependency fails, the steps before it are reversed. In the original nothing was, though its trace said so.",
                [.. spec.Hooks.Where(h => h.Dependencies.Count > 0 && !roles.IsRectifier(h)).Select(h => new Place(Of(h), string.Join(", ", h.Dependencies)))]),
            new("rectifier_dependency", "When the dependency of a rectifier fails, the run is stuck and says so. The original went on, doing nothing.",
                [.. spec.Hooks.Where(h => h.Dependencies.Count > 0 && roles.IsRectifier(h)).Select(h => new Place(Of(h), string.Join(", ", h.Dependencies)))]),
            new("roles", "A hook in more than one role (step, dependency, rectifier) has at each call the role of that call. In the original the last one stuck to the hook, and it failed in the wrong way.",
                [.. spec.Hooks.Where(h => roles.Count(h) > 1).Select(h => new Place(Of(h)))]),
            new("keys", "Runs that share none of their keys go side by side, so that hooks may be called by several at once. The original ran one request after the other, and knew no key.",
                [.. spec.Programs.Where(p => p.Key is not null).Select(p => new Place(Of(p), ArgText.Held(spec.Programs, p)))]),
        }.Where(d => d.Places.Count > 0);
    }

    private static IEnumerable<(string Owner, ArgModel Arg)> Args(SpecModel spec) =>
        spec.Programs.SelectMany(p => p.Args.Concat(p.Outputs).Select(a => (Of(p), a))).Concat(spec.Hooks.SelectMany(h => h.Args.Select(a => (Of(h), a))));

    private static IEnumerable<Place> Nested(SpecModel spec) =>
        spec.Programs.Select(p => (Owner: Of(p), References: p.Hooks.AsEnumerable()))
            .Concat(spec.Hooks.Select(h => (Owner: Of(h), References: h.Dependencies.Concat(h.Rectifiers))))
            .Select(o => (o.Owner, Programs: o.References.Where(r => r.Kind == ReferenceKind.Program).ToList()))
            .Where(o => o.Programs.Count > 0)
            .Select(o => new Place(o.Owner, string.Join(", ", o.Programs)));

    private static string Of(ProgramModel program) => "programs." + program.Name;

    private static string Of(HookModel hook) => "hooks." + hook.Name;

    private static string Names(IEnumerable<ArgModel> args) => string.Join(", ", args.Select(a => a.Name));

    /// <summary>In which roles each hook is called.</summary>
    private sealed class Roles(SpecModel spec)
    {
        private readonly HashSet<SpecReference> _steps = [.. spec.Programs.SelectMany(p => p.Hooks)];
        private readonly HashSet<SpecReference> _dependencies = [.. spec.Hooks.SelectMany(h => h.Dependencies)];
        private readonly HashSet<SpecReference> _rectifiers = [.. spec.Hooks.SelectMany(h => h.Rectifiers)];

        public bool IsDependency(HookModel hook) => _dependencies.Contains(Reference(hook));

        public bool IsRectifier(HookModel hook) => _rectifiers.Contains(Reference(hook));

        public int Count(HookModel hook) => new[] { _steps, _dependencies, _rectifiers }.Count(role => role.Contains(Reference(hook)));

        private static SpecReference Reference(HookModel hook) => new(ReferenceKind.Hook, hook.Name);
    }
}
