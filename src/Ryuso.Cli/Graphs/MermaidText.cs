using System.Globalization;
using System.Text;
using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Graphs;

/// <summary>Programs as a Mermaid flow chart: the line forward drawn through, the way back dotted.</summary>
internal sealed class MermaidText
{
    private readonly StringBuilder _text = new("flowchart TB\n");

    public static string Of(IReadOnlyList<PlanTree> trees)
    {
        var mermaid = new MermaidText();
        for (int i = 0; i < trees.Count; i++)
        {
            mermaid.Program(trees[i], string.Create(CultureInfo.InvariantCulture, $"p{i + 1}"));
        }

        mermaid.Line(1, "classDef dependency stroke-dasharray:2 3");
        mermaid.Line(1, "classDef rectifier stroke:#b45309,stroke-width:2px");
        return mermaid._text.ToString();
    }

    private void Program(PlanTree tree, string id)
    {
        Line(1, $"subgraph {id}[\"{Escape(tree.Program.Name)}\"]");
        string held = tree.Held is null ? "" : $"<br/>holds {Escape(tree.Held)}";
        Line(2, $"{id}s([\"takes {Escape(ArgText.Of(tree.Program.Args))}{held}\"])");
        foreach (PlanNode node in tree.Nodes)
        {
            Node(node, id, 2);
        }

        Line(2, $"{id}e([\"gives {Escape(ArgText.Of(tree.Program.Outputs))}\"])");
        List<string> line = [$"{id}s", .. tree.Steps.Select(s => Id(id, s)), $"{id}e"];
        for (int i = 1; i < line.Count; i++)
        {
            Line(2, $"{line[i - 1]} --> {line[i]}");
        }

        List<PlanNode> reversible = [.. tree.Steps.Where(s => s.Rectifiers.Count > 0)];
        foreach (PlanNode step in reversible)
        {
            string names = string.Join("<br/>", step.Rectifiers.Select(r => Escape(r.Name)));
            Line(2, $"{Id(id, step)}r[\"{names}\"]:::rectifier");
            Line(2, $"{Id(id, step)} -.- {Id(id, step)}r");
        }

        for (int i = reversible.Count - 1; i > 0; i--)
        {
            Line(2, $"{Id(id, reversible[i])}r -.-> {Id(id, reversible[i - 1])}r");
        }

        Line(1, "end");
    }

    private void Node(PlanNode node, string id, int depth)
    {
        if (node.Hook is null)
        {
            string self = string.Create(CultureInfo.InvariantCulture, $"{id}g{_text.Length}");
            Line(depth, $"subgraph {self}[\"{Escape(node.Name)}\"]");
            foreach (PlanNode child in node.Children)
            {
                Node(child, id, depth + 1);
            }

            Line(depth, "end");
            return;
        }

        foreach (PlanNode child in node.Children)
        {
            Node(child, id, depth);
        }

        Line(depth, string.Create(CultureInfo.InvariantCulture, $"{Id(id, node)}[\"{node.Step} {Escape(node.Name)}\"]{(node.IsDependency ? ":::dependency" : "")}"));
    }

    private static string Id(string program, PlanNode step) => string.Create(CultureInfo.InvariantCulture, $"{program}n{step.Step}");

    private static string Escape(string text) => text
        .Replace("#", "#35;", StringComparison.Ordinal)
        .Replace("\"", "#quot;", StringComparison.Ordinal)
        .Replace("<", "#lt;", StringComparison.Ordinal)
        .Replace(">", "#gt;", StringComparison.Ordinal);

    private void Line(int depth, string text) => _text.Append(' ', depth * 2).Append(text).Append('\n');
}
