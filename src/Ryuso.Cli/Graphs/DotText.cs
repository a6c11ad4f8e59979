using System.Globalization;
using System.Text;
using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Graphs;

/// <summary>Programs as a Graphviz graph: the line forward drawn through, the way back dashed.</summary>
internal sealed class DotText
{
    private readonly StringBuilder _text = new();

    public static string Of(IReadOnlyList<PlanTree> trees)
    {
        var dot = new DotText();
        dot.Line(0, "digraph ryuso {");
        dot.Line(1, "rankdir=TB; node [shape=box, style=rounded, fontname=\"Helvetica\"]; edge [fontname=\"Helvetica\"];");
        for (int i = 0; i < trees.Count; i++)
        {
            dot.Program(trees[i], string.Create(CultureInfo.InvariantCulture, $"p{i + 1}"));
        }

        dot.Line(0, "}");
        return dot._text.ToString();
    }

    private void Program(PlanTree tree, string id)
    {
        Line(1, $"subgraph cluster_{id} {{");
        Line(2, $"label={Quote(tree.Program.Name)};");
        Line(2, $"{id}s [shape=plaintext, label={Quote("takes " + ArgText.Of(tree.Program.Args) + (tree.Held is null ? "" : "\nholds " + tree.Held))}];");
        foreach (PlanNode node in tree.Nodes)
        {
            Node(node, id, 2);
        }

        Line(2, $"{id}e [shape=plaintext, label={Quote("gives " + ArgText.Of(tree.Program.Outputs))}];");
        Line(2, string.Join(" -> ", [$"{id}s", .. tree.Steps.Select(s => Id(id, s)), $"{id}e"]) + ";");
        List<PlanNode> reversible = [.. tree.Steps.Where(s => s.Rectifiers.Count > 0)];
        foreach (PlanNode step in reversible)
        {
            Line(2, $"{Id(id, step)}r [color=\"#b45309\", label={Quote(string.Join('\n', step.Rectifiers.Select(r => r.Name)))}];");
            Line(2, $"{{ rank=same; {Id(id, step)} -> {Id(id, step)}r [style=dashed, dir=none, color=\"#b45309\"]; }}");
        }

        if (reversible.Count > 1)
        {
            Line(2, string.Join(" -> ", reversible.AsEnumerable().Reverse().Select(s => Id(id, s) + "r")) + " [style=dashed, color=\"#b45309\", constraint=false];");
        }

        Line(1, "}");
    }

    private void Node(PlanNode node, string id, int depth)
    {
        if (node.Hook is null)
        {
            Line(depth, string.Create(CultureInfo.InvariantCulture, $"subgraph cluster_{id}g{_text.Length} {{ label={Quote(node.Name)};"));
        }

        foreach (PlanNode child in node.Children)
        {
            Node(child, id, node.Hook is null ? depth + 1 : depth);
        }

        Line(depth, node.Hook is null
            ? "}"
            : string.Create(CultureInfo.InvariantCulture, $"{Id(id, node)} [label={Quote($"{node.Step} {node.Name}")}{(node.IsDependency ? ", style=\"rounded,dotted\"" : "")}];"));
    }

    private static string Id(string program, PlanNode step) => string.Create(CultureInfo.InvariantCulture, $"{program}n{step.Step}");

    private static string Quote(string text) =>
        '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + '"';

    private void Line(int depth, string text) => _text.Append(' ', depth * 2).Append(text).Append('\n');
}
