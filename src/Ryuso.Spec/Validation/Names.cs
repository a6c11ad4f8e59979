using Ryuso.Spec.Json;

namespace Ryuso.Spec.Validation;

/// <summary>Whether the names of one dictionary can stand side by side in C#.</summary>
internal static class Names
{
    public static void Check(ProblemList problems, SpecNode? dict, string path)
    {
        Dictionary<string, string> taken = new(StringComparer.Ordinal);
        foreach (SpecProperty property in dict?.Properties ?? [])
        {
            string at = path + "." + property.Name;
            string pascal = SpecNaming.ToPascalCase(property.Name);
            if (!SpecNaming.IsIdentifier(pascal))
            {
                problems.Add(ProblemCodes.BadName, property, at, $"The name '{property.Name}' ({at}) must begin with a letter and hold only letters, digits, '_', '-' and spaces.");
            }
            else if (taken.TryGetValue(pascal, out string other))
            {
                problems.Add(ProblemCodes.NameCollision, property, at, $"'{property.Name}' ({at}) and '{other}' would both be named {pascal} in C#. Rename one of the two.");
            }
            else
            {
                taken.Add(pascal, property.Name);
            }
        }
    }
}
