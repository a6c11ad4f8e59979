using System.Text;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Model;

/// <summary>The C# method of a hook.</summary>
public sealed record HookTarget(string Namespace, string Class, string Method)
{
    public string FullClass => Namespace + "." + Class;
}

/// <summary>How names of a spec become names of C#.</summary>
public static class SpecNaming
{
    /// <summary>
    /// Splits at whatever no identifier can hold, at <c>_</c> and at humps: <c>tx_id</c> becomes <c>TxId</c>. What would begin with a digit
    /// gets <c>_</c> in front: <c>2fa_code</c> becomes <c>_2faCode</c>.
    /// </summary>
    public static string ToPascalCase(string name)
    {
        var pascal = new StringBuilder(name.Length);
        bool start = true;
        foreach (char c in name)
        {
            if (!NameCharacters.IsPart(c))
            {
                start = true;
                continue;
            }

            if (pascal.Length == 0 && !char.IsLetter(c))
            {
                pascal.Append('_');
            }

            pascal.Append(start ? char.ToUpperInvariant(c) : c);
            start = false;
        }

        return pascal.ToString();
    }

    /// <summary>Whether a key is the author's comment, and no key of the spec: it begins with <c>_</c>, <c>$</c> or <c>x-</c>.</summary>
    internal static bool IsComment(string key) => key.Length > 0 && (key[0] is '_' or '$' || key.StartsWith("x-", StringComparison.Ordinal));

    /// <summary>The spec's name, lower-case and joined with underscores.</summary>
    public static string ToModuleName(string name) => string.Concat(name.ToLowerInvariant().Select(c => NameCharacters.IsPart(c) ? c : '_'));

    /// <summary>The longest name, and the longest reference: assemblies hold names of up to 1,023 bytes, and three may go into one letter.</summary>
    public const int MaxLength = 250;

    /// <summary>
    /// Whether the converted name can stand in C#: a letter, or an underscore before a digit, then letters, digits and the marks that many
    /// scripts put on letters.
    /// </summary>
    public static bool IsIdentifier(string pascal) => pascal.Length is > 0 and <= MaxLength
        && (char.IsLetter(pascal[0]) || (pascal[0] == '_' && pascal.Length > 1 && NameCharacters.IsPart(pascal[1])))
        && pascal.Skip(1).All(NameCharacters.IsPart);

    /// <summary>Where the reference of a hook leads: the last part is the method, the one before it the class, the rest namespaces.</summary>
    public static HookTarget Target(string specName, string reference)
    {
        List<string> parts = [.. reference.Split('.')];
        if (parts.Count > 1 && ToModuleName(parts[0]) == ToModuleName(specName))
        {
            parts.RemoveAt(0);
        }

        List<string> names = [.. parts.Select(ToPascalCase)];
        string method = names[names.Count - 1];
        string type = names.Count > 1 ? names[names.Count - 2] : "Hooks";
        IEnumerable<string> spaces = names.Take(Math.Max(0, names.Count - 2));
        return new HookTarget(string.Join(".", new[] { ToPascalCase(specName) }.Concat(spaces)), type, method);
    }

    /// <summary>Where the reference of a hook leads.</summary>
    public static HookTarget Target(SpecModel spec, HookModel hook) => Target(spec.Name, hook.Reference);
}
