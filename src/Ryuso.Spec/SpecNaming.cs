using System.Text;

namespace Ryuso.Spec;

/// <summary>How names of a spec become names of C#.</summary>
public static class SpecNaming
{
    /// <summary>Splits at <c>_</c>, <c>-</c>, space and humps: <c>tx_id</c> becomes <c>TxId</c>.</summary>
    public static string ToPascalCase(string name)
    {
        var pascal = new StringBuilder(name.Length);
        bool start = true;
        foreach (char c in name)
        {
            if (c is '_' or '-' or ' ')
            {
                start = true;
            }
            else
            {
                pascal.Append(start ? char.ToUpperInvariant(c) : c);
                start = false;
            }
        }

        return pascal.ToString();
    }

    /// <summary>The spec's name, lower-case and joined with underscores.</summary>
    public static string ToModuleName(string name) => name.ToLowerInvariant().Replace(' ', '_').Replace('-', '_');

    /// <summary>Whether the converted name can stand in C#.</summary>
    public static bool IsIdentifier(string pascal) =>
        pascal.Length > 0 && char.IsLetter(pascal[0]) && pascal.All(char.IsLetterOrDigit);
}
