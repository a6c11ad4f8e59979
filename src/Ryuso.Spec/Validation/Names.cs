using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Which names of one dictionary can stand side by side in C#.</summary>
internal static class Names
{
    /// <summary>
    /// The members of a dictionary whose names are the author's. One that begins like a comment is one only where its value is no
    /// dictionary: <c>_user</c> is a good name of a variable.
    /// </summary>
    public static IEnumerable<SpecProperty> Named(SpecNode? dict) =>
        (dict?.Properties ?? []).Where(p => p.Value.Kind == JsonKind.Dict || !SpecNaming.IsComment(p.Name));

    /// <summary>The members with usable names; the others are told.</summary>
    public static List<SpecProperty> Usable(ProblemList problems, SpecNode? dict, string path)
    {
        List<SpecProperty> usable = [];
        Dictionary<string, SpecProperty> taken = new(StringComparer.Ordinal);
        foreach (SpecProperty property in Named(dict))
        {
            string at = ProblemList.Member(path, property.Name);
            string pascal = SpecNaming.ToPascalCase(property.Name);
            if (!IsUsable(property.Name))
            {
                problems.Add(ProblemCodes.BadName, property.Key, at,
                    $"'{ProblemList.Show(property.Name)}' cannot be a name. A name holds a letter or digit, and is at most {SpecNaming.MaxLength} characters long.{(Like(property.Name, IsUsable) is { } like ? $" Write '{like}', for example." : "")}");
            }
            else if (taken.TryGetValue(pascal, out SpecProperty other))
            {
                problems.Add(ProblemCodes.NameCollision, property.Key, at,
                    $"'{property.Name}' here and '{other.Name}' in line {problems.Text.Line(other.Key.Start)} would both be named {ProblemList.Show(pascal)} in C#. Rename one of the two.", related: other.Key);
            }
            else
            {
                taken.Add(pascal, property);
                usable.Add(property);
            }
        }

        return usable;
    }

    /// <summary>A name as near as possible that may be used; null where too little is left.</summary>
    public static string? Like(string name, Func<string, bool> isUsable)
    {
        string cleaned = string.Concat(name.Take(60).Select(c => NameCharacters.IsPart(c) || c is '_' or '-' or ' ' ? c : '_')).Trim('_', '-', ' ');
        return isUsable(cleaned) ? cleaned : cleaned.Length > 0 && isUsable("n" + cleaned) ? "n" + cleaned : null;
    }

    private static bool IsUsable(string name) => SpecNaming.IsIdentifier(SpecNaming.ToPascalCase(name));
}
