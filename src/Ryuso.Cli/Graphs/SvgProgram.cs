using System.Globalization;
using Ryuso.Cli.Plans;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Graphs;

/// <summary>One program: the line runs down on the left, what undoes its steps stands on the right, and the way back runs up there.</summary>
internal sealed class SvgProgram
{
    private const double Margin = 26;
    private const double LineX = 44;
    private const double CardX = 74;
    private const double Indent = 26;
    private const double MaxIndent = 5 * Indent;
    private const double CardWidth = 330;
    private const double UndoGap = 44;
    private const double Pad = 12;

    private readonly SvgCanvas _canvas;
    private readonly PlanTree _tree;
    private readonly double _top;
    private readonly double _width;
    private readonly double _cardRight;
    private readonly double _undoWidth;
    private readonly List<double> _undone = [];
    private readonly List<(double Y, PlanNode Step)> _steps = [];

    // Three layers: frames of nested programs, the outer ones below; lines; cards and words.
    private readonly SvgCanvas _frames = new();
    private readonly SvgCanvas _lines = new();
    private readonly SvgCanvas _front = new();
    private double _y;

    public SvgProgram(SvgCanvas canvas, PlanTree tree, double top, double width)
    {
        _canvas = canvas;
        _tree = tree;
        _top = top;
        _width = width;
        _cardRight = CardRight(tree);
        _undoWidth = UndoWidth(tree);
    }

    public static double WidthOf(PlanTree tree) => UndoWidth(tree) is > 0 and var undo ? CardRight(tree) + UndoGap + undo + 34 + Margin : CardRight(tree) + Margin;

    private double BackX => _cardRight + UndoGap + _undoWidth + 34;

    /// <summary>Draws it and tells where it ends.</summary>
    public double Draw()
    {
        _y = _top + Margin + 12;
        _front.Text("title", Margin, _y, _tree.Program.Name);
        _y += 8;
        foreach (string line in SvgText.Wrap(_tree.Program.Description, 12, _width - (2 * Margin), 4))
        {
            _y += 17;
            _front.Text("soft", Margin, _y, line);
        }

        _y += 30;
        double start = _y;
        _front.Circle("ring", LineX, start, 6);
        if (_tree.Held is { } held)
        {
            // A line of its own above what the program takes.
            Words("holds", held);
            _y += 10;
        }

        Words("takes", ArgText.Of(_tree.Program.Args));
        foreach (PlanNode node in _tree.Nodes)
        {
            _y += 14;
            Draw(node, 0);
        }

        double turn = _y + 30;
        _y += _undone.Count > 0 ? 60 : 30;
        double end = _y;
        Words("gives", ArgText.Of(_tree.Program.Outputs));
        double bottom = _y + Margin;
        _canvas.Rect("paper", 0.5, _top + 0.5, _width - 1, bottom - _top - 1, 14);
        DrawLine(start, end);
        if (_undone.Count > 0)
        {
            DrawWayBack(start, turn);
        }

        _canvas.Append(_frames);
        _canvas.Append(_lines);
        _canvas.Append(_front);
        return bottom;
    }

    private static double CardRight(PlanTree tree) => CardX + CardWidth + Math.Min(MaxIndent, tree.Nodes.Select(DepthOf).DefaultIfEmpty().Max() * Indent);

    private static int DepthOf(PlanNode node) => node.Children.Count == 0 ? 0 : 1 + node.Children.Max(DepthOf);

    private static double UndoWidth(PlanTree tree)
    {
        List<PlanNode> rectifiers = [.. tree.Steps.SelectMany(s => s.Rectifiers)];
        return rectifiers.Count == 0 ? 0 : Math.Clamp(rectifiers.Max(r => SvgText.OfCode(r.Name, 12)) + (2 * Pad) + 14, 130, 230);
    }

    private static double Left(int depth) => CardX + Math.Min(MaxIndent, depth * Indent);

    /// <summary>What goes in at the top or comes out at the end, beside the line.</summary>
    private void Words(string verb, string what)
    {
        double room = _width - CardX - Margin - 60;
        List<string> lines = SvgText.Wrap(what, 12.6, room - 40, 4);
        _front.Text("soft", CardX, _y + 4, verb);
        foreach (string line in lines)
        {
            _front.Text("code", CardX + 38, _y + 4, line);
            _y += 17;
        }

        _y -= 10;
    }

    private void Draw(PlanNode node, int depth)
    {
        if (node.Hook is null)
        {
            DrawNested(node, depth);
            return;
        }

        List<double> needs = [];
        foreach (PlanNode child in node.Children)
        {
            Draw(child, depth + 1);
            needs.Add(LastMiddle(child));
            _y += 8;
        }

        DrawHook(node, node.Hook, depth);
        double x = Left(depth) + 13;
        double top = _steps[^1].Y - (HeightOf(node, depth) / 2);
        foreach (double need in needs)
        {
            _lines.Path("need", $"M{Left(depth + 1):0.#} {need:0.#} H{x + 6:0.#} Q{x:0.#} {need:0.#} {x:0.#} {need + 6:0.#} V{top:0.#}");
        }
    }

    private double LastMiddle(PlanNode node) => _steps.FindLast(s => s.Step == node) is { Step: not null } own ? own.Y : _steps[^1].Y;

    private void DrawHook(PlanNode node, HookModel hook, int depth)
    {
        double left = Left(depth);
        double height = HeightOf(node, depth);
        double middle = _y + (height / 2);
        double room = _cardRight - left - (2 * Pad);
        _front.Rect(node.IsDependency ? "small" : "card", left, _y, _cardRight - left, height, 8);
        string marks = string.Join(" · ", PlanText.Marks(hook));
        double markRoom = marks.Length == 0 ? 0 : SvgText.OfProse(marks, 10.5) + 10;
        _front.Text("name", left + Pad, _y + 19, SvgText.FitCode(node.Name, 13, room - markRoom), node.Reference);
        _front.Text("mark", _cardRight - Pad, _y + 19, marks);
        double y = _y + 19;
        foreach (string line in Description(node, depth))
        {
            y += 15;
            _front.Text("soft", left + Pad, y, line, node.Description);
        }

        _steps.Add((middle, node));
        if (node.Rectifiers.Count > 0)
        {
            DrawUndo(node, middle);
        }

        _y += height;
    }

    private List<string> Description(PlanNode node, int depth) =>
        SvgText.Wrap(node.Description, 11.5, _cardRight - Left(depth) - (2 * Pad), node.IsDependency ? 1 : 2);

    private double HeightOf(PlanNode node, int depth) =>
        Math.Max(node.Rectifiers.Count == 0 ? 0 : UndoHeight(node), 29 + (Description(node, depth).Count * 15));

    private static double UndoHeight(PlanNode node) => 12 + (node.Rectifiers.Count * 18);

    private void DrawUndo(PlanNode node, double middle)
    {
        double left = _cardRight + UndoGap;
        double height = UndoHeight(node);
        _lines.Path("link", $"M{_cardRight:0.#} {middle:0.#} H{BackX:0.#}");
        _front.Rect("undo", left, middle - (height / 2), _undoWidth, height, 8);
        double y = middle - (height / 2) + 19;
        foreach (PlanNode rectifier in node.Rectifiers)
        {
            string tip = string.Join("\n", rectifier.InOrder.SkipLast(1).Select(n => $"before it: {n.Reference}").Prepend($"{rectifier.Reference} {rectifier.Description}"));
            _front.Text("undone", left + Pad, y, "↩ " + SvgText.FitCode(rectifier.Name, 12, _undoWidth - (2 * Pad) - 14), tip);
            y += 18;
        }

        _undone.Add(middle);
    }

    private void DrawNested(PlanNode node, int depth)
    {
        double top = _y;
        _front.Text("nested", Left(depth) + Pad, _y + 18, "program " + node.Name, node.Description);
        _y += 28;
        for (int i = 0; i < node.Children.Count; i++)
        {
            _y += i == 0 ? 0 : 12;
            Draw(node.Children[i], depth + 1);
        }

        _y += 12;
        var frame = new SvgCanvas();
        frame.Rect("nest", Left(depth), top, _cardRight + 10 - Left(depth), _y - top, 12);
        _frames.Prepend(frame);
    }

    private void DrawLine(double start, double end)
    {
        _lines.Path("line", $"M{LineX:0.#} {start:0.#} V{end - 12:0.#}");
        _lines.Path("arrow", $"M{LineX - 6:0.#} {end - 16:0.#} h12 l-6 9 z");
        _front.Circle("dot", LineX, end, 6);
        foreach ((double y, PlanNode step) in _steps)
        {
            _front.Circle(step.IsDependency ? "ring" : "dot", LineX, y, step.IsDependency ? 10 : 13);
            _front.Text(step.IsDependency ? "minor" : "number", LineX, y + 4, step.Step.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void DrawWayBack(double start, double turn)
    {
        double x = BackX;
        _lines.Path("way", $"M{LineX + 2:0.#} {turn:0.#} H{x - 14:0.#} Q{x:0.#} {turn:0.#} {x:0.#} {turn - 14:0.#} V{start + 10:0.#}");
        _lines.Path("head", $"M{x - 6:0.#} {start + 12:0.#} h12 l-6 -11 z");
        _front.Text("told", x - 18, turn - 8, "when a step fails: back, from the one before it");
        foreach (double y in _undone)
        {
            _front.Circle("knot", x, y, 6);
        }
    }
}
