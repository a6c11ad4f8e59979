using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Binding;

/// <summary>What of a spec can be generated and its lines, without positions and without its file's layout.</summary>
internal sealed class GeneratableSpec(SpecModel model, EquatableArray<Plan> plans, EquatableArray<ReversalPlan> reversals) : IEquatable<GeneratableSpec>
{
    private readonly Lazy<IReadOnlyList<IReadOnlyList<HookOfClass>>> _hooksByClass = new(() =>
        [.. model.Hooks.Select(hook => new HookOfClass(hook, SpecNaming.Target(model, hook))).GroupBy(h => h.Target.FullClass).Select(same => same.ToList())]);

    public SpecModel Model { get; } = model;

    public EquatableArray<Plan> Plans { get; } = plans;

    public EquatableArray<ReversalPlan> Reversals { get; } = reversals;

    public string Namespace { get; } = SpecNaming.ToPascalCase(model.Name);

    public string Pool => Namespace + "Pool";

    public string Orchestrator => Namespace + "Orchestrator";

    public string Definition => Namespace + "Definition";

    /// <summary>The pool by its full name.</summary>
    public string PoolType => $"{Namespace}.{Pool}";

    /// <summary>The hooks, those of one class together.</summary>
    public IReadOnlyList<IReadOnlyList<HookOfClass>> HooksByClass => _hooksByClass.Value;

    public GeneratableSpec With(EquatableArray<ProgramModel> programs, EquatableArray<HookModel> hooks) =>
        new(Model with { Programs = programs, Hooks = hooks }, Plans, Reversals);

    public bool Equals(GeneratableSpec? other) =>
        other is not null && (ReferenceEquals(this, other) || (Model == other.Model && Plans == other.Plans && Reversals == other.Reversals));

    public override bool Equals(object? obj) => Equals(obj as GeneratableSpec);

    public override int GetHashCode() => Model.GetHashCode();
}

/// <summary>A hook and the method that it leads to.</summary>
internal sealed record HookOfClass(HookModel Hook, HookTarget Target);
