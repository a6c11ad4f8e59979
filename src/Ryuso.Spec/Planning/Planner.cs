using Ryuso.Spec.Validation;

namespace Ryuso.Spec.Planning;

/// <summary>Flattens programs to lines.</summary>
internal sealed class Planner
{
    public const int MaxSteps = 10_000;

    // Lines share their steps: a long spec has many positions and few different steps.
    private readonly Dictionary<(PlanStepKind Kind, int Index, bool IsDependency), PlanStep> _steps = [];

    /// <summary>The line of these references. With <paramref name="once"/>, what is in it is passed over and what is met goes in.</summary>
    public List<PlanStep> Flatten(IEnumerable<Edge> edges, HashSet<Part>? once = null)
    {
        List<PlanStep> line = [];
        Stack<(IEnumerator<Edge> Edges, PlanStep? End, bool IsDependency)> open = new();
        open.Push((edges.GetEnumerator(), null, false));
        while (open.Count > 0)
        {
            (IEnumerator<Edge> rest, PlanStep? end, bool isDependency) = open.Peek();
            if (!rest.MoveNext())
            {
                open.Pop();
                if (end is not null)
                {
                    line.Add(end);
                }

                continue;
            }

            Part part = rest.Current.To;
            if (once is null || once.Add(part))
            {
                bool isHook = part.Hook is not null;
                line.Add(Step(isHook ? PlanStepKind.EnterHook : PlanStepKind.EnterProgram, part.Index, isDependency));
                open.Push((part.Line.GetEnumerator(), Step(isHook ? PlanStepKind.InvokeHook : PlanStepKind.ExitProgram, part.Index, isDependency), isDependency || isHook));
            }
        }

        return line;
    }

    private PlanStep Step(PlanStepKind kind, int index, bool isDependency)
    {
        if (!_steps.TryGetValue((kind, index, isDependency), out PlanStep step))
        {
            step = new PlanStep(kind, index, isDependency);
            _steps.Add((kind, index, isDependency), step);
        }

        return step;
    }
}
