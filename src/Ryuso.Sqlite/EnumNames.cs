namespace Ryuso.Sqlite;

/// <summary>What stands in the file for statuses and kinds. Other programs read it: a change takes a new version of the schema.</summary>
internal static class EnumNames
{
    private static readonly string[] s_statuses = ["unfinished", "succeeded", "rectified", "stuck", "resolved_with_skips", "abandoned"];

    public static string Of(RunStatus status) => s_statuses[(int)status];

    /// <exception cref="JournalException">There is no such kind.</exception>
    public static JournalEventKind Kind(long number) => number is >= 0 and <= (long)JournalEventKind.AbandonRequested
        ? (JournalEventKind)number
        : throw new JournalException($"The journal holds an event of the kind {number}, which this version does not know; another version wrote it, or it was changed by hand.");

    /// <exception cref="JournalException">There is no such name.</exception>
    public static RunStatus Status(string name) => (RunStatus)Find(s_statuses, name);

    private static int Find(string[] names, string name) => Array.IndexOf(names, name) is >= 0 and int index
        ? index
        : throw new JournalException($"The journal holds the name '{name}', which this version does not know; another version wrote it, or it was changed by hand.");
}
