namespace Ryuso.Sqlite;

/// <summary>The words that stand in the file for kinds and statuses.</summary>
internal static class EnumNames
{
    private static readonly string[] s_kinds =
    [
        "accepted", "started", "ended", "failed", "turned", "interrupted", "recovering", "finished", "retry", "skip", "abandon",
    ];

    private static readonly string[] s_statuses = ["unfinished", "succeeded", "rectified", "stuck", "settled", "abandoned"];

    public static string Of(JournalEventKind kind) => s_kinds[(int)kind];

    public static string Of(RunStatus status) => s_statuses[(int)status];

    /// <exception cref="JournalException">There is no such word.</exception>
    public static JournalEventKind Kind(string word) => (JournalEventKind)Find(s_kinds, word);

    /// <exception cref="JournalException">There is no such word.</exception>
    public static RunStatus Status(string word) => (RunStatus)Find(s_statuses, word);

    private static int Find(string[] words, string word) => Array.IndexOf(words, word) is >= 0 and int index
        ? index
        : throw new JournalException($"The journal holds the word '{word}', which this version does not know; another version wrote it, or somebody by hand.");
}
