using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Calls;

internal enum LineEventKind
{
    /// <summary>A hook is entered and stands in the trace.</summary>
    Enter,

    /// <summary>A hook runs.</summary>
    Invoke,

    /// <summary>A program's arguments or outputs are checked.</summary>
    Check,
}

/// <summary>One thing that happens on a line. <see cref="Node"/> is null for the outermost program.</summary>
internal sealed record LineEvent(LineEventKind Kind, PlanNode? Node, string Reference)
{
    public static IEnumerable<LineEvent> Of(PlanNode node)
    {
        yield return new LineEvent(node.Hook is null ? LineEventKind.Check : LineEventKind.Enter, node, node.Reference);
        foreach (LineEvent inner in node.Children.SelectMany(Of))
        {
            yield return inner;
        }

        yield return new LineEvent(node.Hook is null ? LineEventKind.Check : LineEventKind.Invoke, node, node.Reference);
    }
}
