using System.Globalization;
using System.Text;

namespace Ryuso.Cli.Output;

/// <summary>
/// Text of others as a person may see it: characters that a terminal obeys instead of showing, and those that turn the reading direction,
/// are written as <c>\u001b</c>. So no id, error or description can hide or forge what stands beside it.
/// </summary>
internal static class VisibleText
{
    /// <summary>Keeps line breaks and tabs.</summary>
    public static string Of(string text) => Escape(text, keepsLines: true);

    /// <summary>Escapes line breaks too: for what stands in a line with other things.</summary>
    public static string Line(string text) => Escape(text, keepsLines: false);

    public static bool IsHidden(char c) => c is not ('\n' or '\r' or '\t') && IsObeyed(c);

    public static string Escaped(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };

    private static string Escape(string text, bool keepsLines)
    {
        if (!text.Any(c => Hides(c, keepsLines)))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            _ = Hides(c, keepsLines) ? shown.Append(Escaped(c)) : shown.Append(c);
        }

        return shown.ToString();
    }

    // A lone carriage return lets what follows write over the line.
    private static bool Hides(char c, bool keepsLines) => keepsLines ? c is not ('\n' or '\t') && IsObeyed(c) : IsObeyed(c);

    private static bool IsObeyed(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u200e' or '\u200f'
        or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
