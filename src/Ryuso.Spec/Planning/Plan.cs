using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Planning;

/// <summary>A program flattened to a straight line.</summary>
public sealed record Plan(string Program, EquatableArray<PlanOp> Steps);

/// <summary>The way back of a hook: one line for each of its rectifiers, in listed order.</summary>
public sealed record ReversalPlan(string Hook, EquatableArray<EquatableArray<PlanOp>> Rectifiers);

/// <summary>One position on a line. <see cref="Index"/> points into the spec's hooks or programs, as <see cref="Kind"/> says.</summary>
public sealed record PlanOp(PlanOpKind Kind, int Index, bool IsDependency);

public enum PlanOpKind
{
    /// <summary>A hook is entered: its trace entry, before its dependencies.</summary>
    EnterHook,

    /// <summary>A hook's arguments are checked and it runs, after its dependencies.</summary>
    InvokeHook,

    /// <summary>A nested program begins: its argument defaults and checks.</summary>
    EnterProgram,

    /// <summary>A nested program ends: its output defaults and checks.</summary>
    ExitProgram,
}
