namespace Ryuso.Spec.Text;

/// <summary>Finds what somebody may have meant.</summary>
public static class NearestName
{
    // Longer names are no slips of the pen, and comparing them costs their product.
    private const int MaxLength = 100;

    /// <summary>A sentence with a leading space, or nothing where no known name is near.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known) => Find(name, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    /// <summary>The nearest of the known names; null where none is near. Case counts for nothing.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string? nearest = null;
        int least = int.MaxValue;
        foreach (string candidate in known)
        {
            int longer = Math.Max(name.Length, candidate.Length);
            int limit = Math.Min(least, Math.Min(longer / 2, 1 + (longer / 3)));
            int distance = Distance(name, candidate, limit);
            if (distance <= limit && (distance < least || string.CompareOrdinal(candidate, nearest) < 0))
            {
                (nearest, least) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>Edits between the two, of which swapping neighbours is one; anything above the limit once it is passed.</summary>
    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) > limit || a.Length > MaxLength || b.Length > MaxLength)
        {
            return limit + 1;
        }

        int[] before = new int[b.Length + 1];
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] row = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            int best = i;
            for (int j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(previous[j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1), Math.Min(previous[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }

                best = Math.Min(best, row[j]);
            }

            // A swap looks two rows back, so one row above the limit is not the end.
            if (best > limit + 1)
            {
                return limit + 1;
            }

            (before, previous, row) = (previous, row, before);
        }

        return previous[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
