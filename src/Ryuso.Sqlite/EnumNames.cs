namespace Ryuso.Sqlite;

/// <summary>The words that stand in the file for kinds and statuses.</summary>
internal static class EnumNames
{
    private static readonly string[] Kinds =
    [
        "accepted", "started", "ended", "failed", "turned", "interrupted", "recovering", "finished", "retry", "skip", "abandon",
    ];

    private static readonly string[] Statuses = ["unfinished", "succeeded", "rectified", "stuck", "settled", "abandoned"];

    public static string Of(JournalEventKind kind) => Kinds[(int)kind];

    public static string Of(RunStatus status) => Statuses[(int)status];

    /// <exception cref="JournalException">There is no such word.</exception>
    public static JournalEventKind Kind(string word) => (JournalEventKind)Find(Kinds, word);

    /// <exception cref="JournalException">There is no such word.</exception>
    public static RunStatus Status(string word) => (RunStatus)Find(Statuses, word);

    private static int Find(string[] words, string word) => Array.IndexOf(words, word) is >= 0 and int index
        ? index
        : throw new JournalException($"The journal holds the word '{word}', which this version does not know; another version wrote it, or somebody by hand.");
}
