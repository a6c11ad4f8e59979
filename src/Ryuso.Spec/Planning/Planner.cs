using Ryuso.Spec.Model;

namespace Ryuso.Spec.Planning;

/// <summary>Flattens programs to lines.</summary>
internal sealed class Planner
{
    public const int MaxSteps = 10_000;

    // Lines share their steps: a long spec has many positions and few different steps.
    private readonly Dictionary<(PlanOpKind Kind, int Index, bool IsDependency), PlanOp> _steps = [];

    /// <summary>The line of these references. With <paramref name="once"/>, what is in it is passed over and what is met goes in.</summary>
    public List<PlanOp> Flatten(IEnumerable<ItemReference> edges, HashSet<SpecItem>? once = null)
    {
        List<PlanOp> line = [];
        Stack<(IEnumerator<ItemReference> Edges, PlanOp? End, bool IsDependency)> open = new();
        open.Push((edges.GetEnumerator(), null, false));
        while (open.Count > 0)
        {
            (IEnumerator<ItemReference> rest, PlanOp? end, bool isDependency) = open.Peek();
            if (!rest.MoveNext())
            {
                open.Pop();
                if (end is not null)
                {
                    line.Add(end);
                }

                continue;
            }

            SpecItem part = rest.Current.To;
            if (once is null || once.Add(part))
            {
                bool isHook = part.Hook is not null;
                line.Add(Step(isHook ? PlanOpKind.EnterHook : PlanOpKind.EnterProgram, part.Index, isDependency));
                open.Push((part.Line.GetEnumerator(), Step(isHook ? PlanOpKind.InvokeHook : PlanOpKind.ExitProgram, part.Index, isDependency), isDependency || isHook));
            }
        }

        return line;
    }

    private PlanOp Step(PlanOpKind kind, int index, bool isDependency)
    {
        if (!_steps.TryGetValue((kind, index, isDependency), out PlanOp step))
        {
            step = new PlanOp(kind, index, isDependency);
            _steps.Add((kind, index, isDependency), step);
        }

        return step;
    }
}
