using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ryuso.Cli.Output;

/// <summary>Makes visible what is drawn with colours: there the stream itself must carry control characters.</summary>
internal sealed class VisibleHook : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(drawn => new Visible(drawn));

    private sealed class Visible(IRenderable drawn) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => drawn.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => drawn.Render(options, maxWidth).Select(segment =>
            segment.IsControlCode || segment.IsLineBreak ? segment : new Segment(VisibleText.Of(segment.Text), segment.Style));
    }
}
