using System.Text;

namespace Ryuso.Generator.Emit;

/// <summary>Text for XML doc comments.</summary>
internal static class Xml
{
    /// <summary>One line of valid XML text, whatever the words hold.</summary>
    public static string Escape(string words)
    {
        var text = new StringBuilder(words.Length);
        bool space = false;
        foreach (char c in words.Trim())
        {
            if (char.IsWhiteSpace(c) || char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085')
            {
                space = true;
                continue;
            }

            if (space)
            {
                text.Append(' ');
                space = false;
            }

            _ = c switch
            {
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '&' => text.Append("&amp;"),
                _ when char.IsSurrogate(c) || c is '\uFFFE' or '\uFFFF' => text.Append('\uFFFD'),
                _ => text.Append(c),
            };
        }

        return text.ToString();
    }
}
