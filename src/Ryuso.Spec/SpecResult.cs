using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Spec;

/// <summary>What reading a spec gave: every problem of the file, and the model and its plans when there is no error among them.</summary>
public sealed record SpecResult(
    SpecModel? Model,
    EquatableArray<Plan> Plans,
    EquatableArray<ReversalPlan> Reversals,
    EquatableArray<Problem> Problems);
