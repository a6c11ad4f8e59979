using System.Globalization;

namespace Ryuso.Generator.Binding;

/// <summary>Names of generated files: not too long for a disk, and different even where case does not count.</summary>
internal static class FileNames
{
    private const int MaxLength = 120;

    public static IReadOnlyList<string> Unique(IEnumerable<string> names)
    {
        HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);
        List<string> unique = [];
        foreach (string name in names)
        {
            string shortened = Shorten(name);
            string candidate = shortened;
            for (int number = 2; !taken.Add(candidate); number++)
            {
                candidate = string.Format(CultureInfo.InvariantCulture, "{0}-{1}", shortened, number);
            }

            unique.Add(candidate);
        }

        return unique;
    }

    /// <summary>The end is the telling part of a dotted name, so that it is kept, behind a mark of what was cut.</summary>
    public static string Shorten(string name) => name.Length <= MaxLength
        ? name
        : Mark(name).ToString("x8", CultureInfo.InvariantCulture) + "-" + name.Substring(name.Length - MaxLength).TrimStart('.');

    /// <summary>FNV-1a: the same in every process, which string.GetHashCode is not.</summary>
    private static uint Mark(string name) => name.Aggregate(2166136261u, (hash, c) => unchecked((hash ^ c) * 16777619u));
}
