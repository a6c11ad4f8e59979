using System.Globalization;
using Ryuso.Spec.Model;
using Spectre.Console;

namespace Ryuso.Cli.Plans;

/// <summary>A plan for people.</summary>
internal static class PlanText
{
    private const int MaxNamed = 12;

    public static void Write(IAnsiConsole screen, PlanTree tree)
    {
        var head = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        head.AddRow(new Markup($"[bold]{Escape(tree.Program.Name)}[/]"), new Text(tree.Program.Description ?? ""));
        if (tree.Held is { } held)
        {
            head.AddRow(new Text("holds"), new Text(held));
        }

        head.AddRow(new Text("takes"), new Text(ArgText.Of(tree.Program.Args)));
        head.AddRow(new Text("gives"), new Text(ArgText.Of(tree.Program.Outputs)));
        screen.Write(head);
        screen.WriteLine();
        screen.Write(Steps(tree));
        screen.WriteLine();
        screen.Write(WriteWaysBack(tree));
    }

    private static Tree Steps(PlanTree tree)
    {
        bool hasDependencies = tree.Steps.Any(s => s.Hook!.Dependencies.Count > 0);
        string order = hasDependencies ? " in the order of their numbers; what hangs below a hook runs before it" : "";
        var root = new Tree(new Markup($"[bold]{Count(tree.Steps.Count)}[/]{order}"));
        int digits = tree.Steps.Count.ToString(CultureInfo.InvariantCulture).Length;
        foreach (PlanNode node in tree.Nodes)
        {
            Add(root, node, digits);
        }

        return root;
    }

    private static void Add(IHasTreeNodes parent, PlanNode node, int digits)
    {
        TreeNode own = parent.AddNode(new Markup(node.Hook is { } hook ? OfHook(node, hook, digits) : $"[teal]program {Escape(node.Name)}[/]"));
        foreach (PlanNode child in node.Children)
        {
            Add(own, child, digits);
        }
    }

    private static string OfHook(PlanNode node, HookModel hook, int digits)
    {
        string number = node.Step.ToString(CultureInfo.InvariantCulture).PadLeft(digits);
        string name = node.IsDependency ? Escape(node.Name) : $"[bold]{Escape(node.Name)}[/]";
        string back = node.Rectifiers.Count == 0 ? "" : $"  [olive]← {Escape(Then(node.Rectifiers))}[/]";
        string marks = string.Join(", ", Marks(hook));
        return $"[grey]{number}[/] {name}{back}{(marks.Length == 0 ? "" : $"  [grey]({marks})[/]")}";
    }

    /// <summary>What is special about a hook, in few words.</summary>
    public static IEnumerable<string> Marks(HookModel hook)
    {
        if (hook.Attempts > 1)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{hook.Attempts} tries{(hook.Backoff is { Factor: > 1 } ? " with growing delays" : "")}");
        }

        if (hook.TimeoutMs is { } limit)
        {
            yield return limit % 1000 == 0
                ? string.Create(CultureInfo.InvariantCulture, $"at most {limit / 1000} s")
                : string.Create(CultureInfo.InvariantCulture, $"at most {limit} ms");
        }

        if (hook.RectifySelf)
        {
            yield return "reverses itself";
        }
    }

    private static Grid WriteWaysBack(PlanTree tree)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn();
        List<WayBack> group = [];
        foreach (WayBack way in tree.WaysBack())
        {
            if (group.Count > 0 && group[^1].Reversed != way.Reversed)
            {
                AddRow(grid, group);
                group.Clear();
            }

            group.Add(way);
        }

        if (group.Count > 0)
        {
            AddRow(grid, group);
        }

        return grid;
    }

    private static void AddRow(Grid grid, List<WayBack> group) => grid.AddRow(
        new Markup(Escape(Points(group))),
        group[0].Reversed.IsEmpty ? new Markup("[grey]nothing to reverse[/]") : new Markup($"[olive]{Escape(Then([.. group[0].Rectifiers]))}[/]"));

    private static string Points(List<WayBack> group)
    {
        List<int> steps = [.. group.Where(w => w.Point == FailurePoint.Step).Select(w => w.At!.Step)];
        string numbers = steps switch
        {
            [] => "",
            [var one] => string.Create(CultureInfo.InvariantCulture, $"step {one} fails"),
            [var one, var two] => string.Create(CultureInfo.InvariantCulture, $"step {one} or {two} fails"),
            _ => string.Create(CultureInfo.InvariantCulture, $"one of steps {steps[0]} to {steps[^1]} fails"),
        };
        WayBack? other = group.FirstOrDefault(w => w.Point == FailurePoint.Outputs)
            ?? (steps.Count == 0 ? group.FirstOrDefault(w => w.Point is FailurePoint.ProgramArgs or FailurePoint.ProgramOutputs) : null);
        string more = other switch
        {
            null => "",
            { Point: FailurePoint.Outputs } => "an output is missing",
            { Point: FailurePoint.ProgramArgs } => $"{other.At!.Name} lacks an argument",
            _ => $"{other.At!.Name} lacks an output",
        };
        return "if " + string.Join(", or ", new[] { numbers, more }.Where(p => p.Length > 0)) + ":";
    }

    /// <summary>Names in the order in which they run.</summary>
    private static string Then(IReadOnlyList<PlanNode> nodes)
    {
        IEnumerable<string> names = nodes.Take(MaxNamed).Select(n => n.Name);
        string rest = nodes.Count > MaxNamed ? string.Create(CultureInfo.InvariantCulture, $", then {nodes.Count - MaxNamed} more") : "";
        return string.Join(", then ", names) + rest;
    }

    private static string Count(int steps) => steps == 1 ? "1 step" : string.Create(CultureInfo.InvariantCulture, $"{steps} steps");

    private static string Escape(string text) => Markup.Escape(text);
}
