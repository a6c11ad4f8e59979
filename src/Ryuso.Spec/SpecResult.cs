using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec;

/// <summary>What reading a spec gave.</summary>
/// <remarks>
/// <para>
/// <see cref="Model"/> holds everything whose shape could be read, and is null only where the text is no dictionary or has no usable name.
/// A program or hook with an error, or that reaches one with an error, is in it with <c>IsBroken</c> set; of its args and outputs whatever could
/// be understood is there. One without a usable name, reference or body is left out, and <see cref="SpecModel.IsPartial"/> says so.
/// </para>
/// <para>
/// A generator makes the types and methods of everything in the model, so that one typo in the spec stays one error in the build. It makes lines
/// for what has a plan; a broken program has none in <see cref="Plans"/>, a broken hook none in <see cref="Reversals"/>. Steps count hooks and programs as
/// the model does, broken ones included. It must not let a build succeed while something is broken.
/// </para>
/// <para>The flow checks (<see cref="ProblemCodes.IsFlow"/>) can be turned off by their users and therefore break nothing.</para>
/// </remarks>
public sealed record SpecResult(
    SpecModel? Model,
    EquatableArray<Plan> Plans,
    EquatableArray<ReversalPlan> Reversals,
    EquatableArray<Problem> Problems)
{
    /// <summary>Whether an error is among the problems.</summary>
    public bool HasErrors => Problems.Any(p => p.Severity == ProblemSeverity.Error);
}
