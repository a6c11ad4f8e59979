using System.Globalization;
using System.Security;
using System.Text;

namespace Ryuso.Cli.Graphs;

/// <summary>Shapes as SVG. Colours are classes, so that one style serves light and dark.</summary>
internal sealed class SvgCanvas
{
    private readonly StringBuilder _shapes = new();

    public string Shapes => _shapes.ToString();

    /// <summary>Draws another canvas over this one.</summary>
    public void Append(SvgCanvas over) => _shapes.Append(over._shapes);

    /// <summary>Draws another canvas under this one.</summary>
    public void Prepend(SvgCanvas under) => _shapes.Insert(0, under.Shapes);

    public void Rect(string style, double x, double y, double width, double height, double radius) =>
        Add($"<rect class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\" rx=\"{radius:0.#}\"/>");

    public void Circle(string style, double x, double y, double radius) =>
        Add($"<circle class=\"{style}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{radius:0.#}\"/>");

    /// <summary>A path; its points are told as in SVG.</summary>
    public void Path(string style, FormattableString path) => Add($"<path class=\"{style}\" d=\"{FormattableString.Invariant(path)}\"/>");

    public void Text(string style, double x, double y, string text, string? tip = null)
    {
        string inner = tip is null ? "" : $"<title>{Escape(tip)}</title>";
        Add($"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\">{inner}{Escape(text)}</text>");
    }

    public static string Escape(string text) => SecurityElement.Escape(new string([.. text.Where(c => !char.IsControl(c))]));

    private void Add(FormattableString shape) => _shapes.Append(shape.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
