using System.Globalization;
using System.Text;

namespace Ryuso.Cli.Graphs;

/// <summary>Words in pictures: how wide they will be, about, whatever font the reader has.</summary>
internal static class SvgText
{
    private const double CodeWidth = 0.61;

    /// <summary>The width of code in a font of one width.</summary>
    public static double OfCode(string text, double size) => Columns(text) * CodeWidth * size;

    /// <summary>The width of prose.</summary>
    public static double OfProse(string text, double size) => text.EnumerateRunes().Sum(r => Width(r) * size);

    /// <summary>As much code as fits.</summary>
    public static string FitCode(string text, double size, double width) => Fit(text, t => OfCode(t, size), width);

    /// <summary>Lines of prose, at most so many; what is too much ends in an ellipsis.</summary>
    public static List<string> Wrap(string? text, double size, double width, int most)
    {
        List<string> lines = [];
        var line = new StringBuilder();
        foreach (string word in (text ?? "").Split([' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && OfProse($"{line} {word}", size) > width)
            {
                lines.Add(line.ToString());
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        if (line.Length > 0)
        {
            lines.Add(line.ToString());
        }

        if (lines.Count > most)
        {
            lines = [.. lines.Take(most - 1), lines[most - 1] + " …"];
        }

        return [.. lines.Select(l => Fit(l, t => OfProse(t, size), width))];
    }

    private static string Fit(string text, Func<string, double> measure, double width)
    {
        string shown = text;
        while (measure(shown) > width && new StringInfo(shown) is { LengthInTextElements: > 2 } info)
        {
            shown = info.SubstringByTextElements(0, info.LengthInTextElements - 2) + "…";
        }

        return shown;
    }

    private static int Columns(string text) => text.EnumerateRunes().Sum(r => IsWide(r) ? 2 : 1);

    private static double Width(Rune rune) => rune.Value switch
    {
        'i' or 'j' or 'l' or '.' or ',' or ':' or ';' or '\'' or '|' or '!' => 0.31,
        ' ' or 't' or 'f' or 'r' or '(' or ')' or '[' or ']' or '-' or '"' => 0.4,
        'm' or 'w' or 'M' or 'W' or '@' or '%' => 0.92,
        _ when IsWide(rune) => 1.0,
        _ when Rune.IsUpper(rune) => 0.72,
        _ => 0.6,
    };

    private static bool IsWide(Rune rune) => rune.Value >= 0x1100;
}
