using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Cli.Plans;

/// <summary>One hook or nested program on a line, with what runs before it (a hook's dependencies) or inside it (a program's hooks).</summary>
internal sealed class PlanNode
{
    private readonly List<PlanNode> _children = [];

    private PlanNode(HookModel? hook, ProgramModel? program, bool isDependency)
    {
        Hook = hook;
        Program = program;
        IsDependency = isDependency;
    }

    /// <summary>Null where it is a program.</summary>
    public HookModel? Hook { get; }

    /// <summary>Null where it is a hook.</summary>
    public ProgramModel? Program { get; }

    public bool IsDependency { get; }

    /// <summary>Which step of its line it is, from one; programs are no steps and have 0.</summary>
    public int Step { get; private set; }

    public IReadOnlyList<PlanNode> Children => _children;

    /// <summary>What undoes the hook: for each rectifier what it runs.</summary>
    public IReadOnlyList<PlanNode> Rectifiers { get; private init; } = [];

    public string Name => Hook?.Name ?? Program!.Name;

    public string Reference => (Hook is null ? "programs." : "hooks.") + Name;

    public string? Description => Hook is null ? Program!.Description : Hook.Description;

    /// <summary>Itself and everything below it in the order in which it runs: a hook after its dependencies, a program before its hooks.</summary>
    public IEnumerable<PlanNode> InOrder =>
        Hook is null ? [this, .. _children.SelectMany(c => c.InOrder)] : [.. _children.SelectMany(c => c.InOrder), this];

    /// <summary>A line as a list of trees.</summary>
    public static List<PlanNode> Read(SpecResult spec, IEnumerable<PlanOp> line)
    {
        SpecModel model = spec.Model!;
        Dictionary<string, IReadOnlyList<PlanNode>> reversals = [];
        return Read(line, index => model.Hooks[index], index => model.Programs[index], Rectifiers);

        IReadOnlyList<PlanNode> Rectifiers(HookModel hook)
        {
            if (!reversals.TryGetValue(hook.Name, out IReadOnlyList<PlanNode>? rectifiers))
            {
                // What runs on the way back is never reversed itself.
                ReversalPlan? way = spec.Reversals.FirstOrDefault(r => r.Hook == hook.Name);
                rectifiers = way is null ? [] : [.. way.Rectifiers.SelectMany(r => Read(r, i => model.Hooks[i], i => model.Programs[i], _ => []))];
                reversals.Add(hook.Name, rectifiers);
            }

            return rectifiers;
        }
    }

    private static List<PlanNode> Read(IEnumerable<PlanOp> line, Func<int, HookModel> hook, Func<int, ProgramModel> program, Func<HookModel, IReadOnlyList<PlanNode>> rectifiers)
    {
        List<PlanNode> top = [];
        Stack<PlanNode> open = new();
        int steps = 0;
        foreach (PlanOp step in line)
        {
            switch (step.Kind)
            {
                case PlanOpKind.EnterHook:
                    HookModel entered = hook(step.Index);
                    Open(new PlanNode(entered, null, step.IsDependency) { Rectifiers = rectifiers(entered) });
                    break;
                case PlanOpKind.EnterProgram:
                    Open(new PlanNode(null, program(step.Index), step.IsDependency));
                    break;
                case PlanOpKind.InvokeHook:
                    open.Pop().Step = ++steps;
                    break;
                default:
                    open.Pop();
                    break;
            }
        }

        return top;

        void Open(PlanNode node)
        {
            (open.TryPeek(out PlanNode? parent) ? parent._children : top).Add(node);
            open.Push(node);
        }
    }
}
