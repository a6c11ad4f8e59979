using System.Collections.Immutable;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Cli.Plans;

/// <summary>A program as it will run, and every way back.</summary>
internal sealed class PlanTree
{
    private PlanTree(IEnumerable<ProgramModel> programs, ProgramModel program, List<PlanNode> nodes)
    {
        Program = program;
        Held = ArgText.Held(programs, program);
        Nodes = nodes;
        InOrder = [.. nodes.SelectMany(n => n.InOrder)];
        Steps = [.. InOrder.Where(n => n.Step > 0)];
    }

    public ProgramModel Program { get; }

    /// <summary>What a run holds, in words; null where the spec has no keys.</summary>
    public string? Held { get; }

    public IReadOnlyList<PlanNode> Nodes { get; }

    /// <summary>Hooks and nested programs, in the order in which they run.</summary>
    public IReadOnlyList<PlanNode> InOrder { get; }

    /// <summary>The hooks alone: the line.</summary>
    public IReadOnlyList<PlanNode> Steps { get; }

    public static PlanTree Of(LoadedSpec spec, string program)
    {
        Plan plan = spec.Plan(program) ?? throw new InvalidOperationException($"The program '{program}' has no plan.");
        return new PlanTree(spec.Model.Programs, spec.Model.Programs.First(p => p.Name == program), PlanNode.Read(spec.Result, plan.Steps));
    }

    /// <summary>For each point at which a run can fail, in order, the steps that are then reversed.</summary>
    public IEnumerable<WayBack> WaysBack()
    {
        // Completed steps with rectifiers, the last on top: steps without are passed over.
        ImmutableStack<PlanNode> completed = [];
        List<WayBack> ways = [];
        foreach (PlanNode node in Nodes)
        {
            completed = Walk(node, completed, ways);
        }

        if (Program.Outputs.Any(o => o.Required))
        {
            ways.Add(new WayBack(FailurePoint.Outputs, null, completed));
        }

        return ways;
    }

    private static ImmutableStack<PlanNode> Walk(PlanNode node, ImmutableStack<PlanNode> completed, List<WayBack> ways)
    {
        if (node.Program is { } entered && entered.Args.Any(a => a.Required))
        {
            ways.Add(new WayBack(FailurePoint.ProgramArgs, node, completed));
        }

        foreach (PlanNode child in node.Children)
        {
            completed = Walk(child, completed, ways);
        }

        if (node.Hook is { } hook)
        {
            ImmutableStack<PlanNode> withItself = node.Rectifiers.Count > 0 ? completed.Push(node) : completed;
            ways.Add(new WayBack(FailurePoint.Step, node, hook.RectifySelf ? withItself : completed));
            return withItself;
        }

        if (node.Program!.Outputs.Any(o => o.Required))
        {
            ways.Add(new WayBack(FailurePoint.ProgramOutputs, node, completed));
        }

        return completed;
    }
}

/// <summary>Where a run can fail.</summary>
internal enum FailurePoint
{
    /// <summary>A hook.</summary>
    Step,

    /// <summary>The argument check of a nested program.</summary>
    ProgramArgs,

    /// <summary>The output check of a nested program.</summary>
    ProgramOutputs,

    /// <summary>The output check at the end.</summary>
    Outputs,
}

/// <summary>What is reversed, in this order, when the run fails at that point. <see cref="At"/> is null at the end.</summary>
internal sealed record WayBack(FailurePoint Point, PlanNode? At, ImmutableStack<PlanNode> Reversed)
{
    public IEnumerable<PlanNode> Rectifiers => Reversed.SelectMany(step => step.Rectifiers);
}
