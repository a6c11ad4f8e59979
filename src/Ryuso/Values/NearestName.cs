namespace Ryuso.Values;

/// <summary>Finds the names that somebody may have meant.</summary>
internal static class NearestName
{
    /// <summary>A sentence that names the nearest few, or all there are.</summary>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        string probe = name.Length > 64 ? name[..64] : name;
        string[] nearest = [.. known.Select(k => (Name: k, Distance: Distance(probe, k)))
            .OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal).Take(3).Select(k => $"'{k.Name}'")];
        return nearest.Length == 0 ? "The spec has none." : $"The nearest: {string.Join(", ", nearest)}.";
    }

    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int[] row = new int[b.Length + 1];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(substitution, Math.Min(previous[j], row[j - 1]) + 1);
            }

            previous = row;
        }

        return previous[b.Length];
    }
}
