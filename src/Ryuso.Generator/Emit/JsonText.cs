using System.Globalization;
using System.Text;

namespace Ryuso.Generator.Emit;

/// <summary>Reads a string literal of compact JSON, which is valid by the time that it comes here.</summary>
internal static class JsonText
{
    public static string Unquote(string json)
    {
        var text = new StringBuilder(json.Length);
        for (int i = 1; i < json.Length - 1; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }

            i++;
            if (json[i] == 'u')
            {
                text.Append((char)ushort.Parse(json.Substring(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(json[i]);
            }
        }

        return text.ToString();
    }
}
