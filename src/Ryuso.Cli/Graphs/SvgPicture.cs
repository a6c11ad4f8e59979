using System.Globalization;
using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Graphs;

/// <summary>Programs as one SVG, one below the other. It needs nothing from outside and follows the reader's light or dark.</summary>
internal static class SvgPicture
{
    private const double Gap = 20;

    private const string Style = """
        .ryuso { --paper: #fff; --edge: #e2e8f0; --ink: #0f172a; --soft: #5b6b82; --card: #f8fafc; --rim: #cbd5e1; --go: #0f766e; --go-ink: #fff;
          --back: #c2410c; --back-card: #fff7ed; --back-rim: #fdba74; --nest: #eef2ff; --nest-rim: #a5b4fc; --nest-ink: #4338ca;
          font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; font-size: 12px; }
        @media (prefers-color-scheme: dark) {
          .ryuso { --paper: #0b1220; --edge: #1e293b; --ink: #e6edf6; --soft: #94a3b8; --card: #162033; --rim: #33445e; --go: #2dd4bf; --go-ink: #06302b;
            --back: #fb923c; --back-card: #2a1a10; --back-rim: #8a4517; --nest: #141a35; --nest-rim: #4f5bb5; --nest-ink: #a5b4fc; } }
        .ryuso .paper { fill: var(--paper); stroke: var(--edge); }
        .ryuso .card { fill: var(--card); stroke: var(--rim); }
        .ryuso .small { fill: var(--paper); stroke: var(--rim); stroke-dasharray: 3 3; }
        .ryuso .nest { fill: var(--nest); stroke: var(--nest-rim); }
        .ryuso .undo { fill: var(--back-card); stroke: var(--back-rim); }
        .ryuso .line { fill: none; stroke: var(--go); stroke-width: 3; }
        .ryuso .need { fill: none; stroke: var(--rim); stroke-width: 1.5; }
        .ryuso .way { fill: none; stroke: var(--back); stroke-width: 2.5; stroke-dasharray: 7 5; }
        .ryuso .link { fill: none; stroke: var(--back-rim); stroke-width: 1.5; stroke-dasharray: 3 4; }
        .ryuso .head { fill: var(--back); }
        .ryuso .arrow { fill: var(--go); }
        .ryuso .dot { fill: var(--go); }
        .ryuso .ring { fill: var(--paper); stroke: var(--go); stroke-width: 2; }
        .ryuso .knot { fill: var(--paper); stroke: var(--back); stroke-width: 2; }
        .ryuso text { fill: var(--ink); }
        .ryuso .title { font-size: 19px; font-weight: 700; }
        .ryuso .name { font: 600 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .ryuso .code { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .ryuso .soft { fill: var(--soft); font-size: 11.5px; }
        .ryuso .mark { fill: var(--soft); font-size: 10.5px; text-anchor: end; }
        .ryuso .nested { fill: var(--nest-ink); font-weight: 600; }
        .ryuso .undone { fill: var(--back); font: 600 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .ryuso .told { fill: var(--back); font-size: 11.5px; text-anchor: end; }
        .ryuso .number { fill: var(--go-ink); font-size: 11px; font-weight: 700; text-anchor: middle; }
        .ryuso .minor { fill: var(--go); font-size: 9.5px; font-weight: 700; text-anchor: middle; }
        """;

    public static string Of(IReadOnlyList<PlanTree> trees)
    {
        var canvas = new SvgCanvas();
        double top = 0;
        double width = trees.Max(SvgProgram.WidthOf);
        foreach (PlanTree tree in trees)
        {
            top = new SvgProgram(canvas, tree, top, width).Draw() + Gap;
        }

        string title = SvgCanvas.Escape(string.Join(", ", trees.Select(t => t.Program.Name)));
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" class="ryuso" role="img" viewBox="0 0 {width:0.#} {top - Gap:0.#}" width="{width:0.#}" height="{top - Gap:0.#}">
            <title>{title}</title>
            <style>
            {Style}
            </style>
            {canvas.Shapes}</svg>

            """);
    }
}
