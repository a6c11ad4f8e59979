namespace Ryuso.Spec;

/// <summary>Finds what somebody may have meant.</summary>
public static class NearestName
{
    /// <summary>A sentence with a leading space, or nothing where no known name is near.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known)
    {
        string? nearest = known.OrderBy(k => Distance(name, k)).ThenBy(k => k, StringComparer.Ordinal).FirstOrDefault();
        return nearest is not null && Distance(name, nearest) <= 1 + (Math.Max(name.Length, nearest.Length) / 3)
            ? $" Did you mean '{nearest}'?"
            : "";
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
                row[j] = Math.Min(previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(previous[j], row[j - 1]) + 1);
            }

            previous = row;
        }

        return previous[b.Length];
    }
}
