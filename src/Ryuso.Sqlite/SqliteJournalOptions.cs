namespace Ryuso.Sqlite;

/// <summary>
/// How long a <see cref="SqliteJournal"/> keeps runs that have ended. Stuck runs are kept until an operator resolves them.
/// </summary>
public sealed class SqliteJournalOptions
{
    /// <summary>
    /// How long a run that succeeded is kept, and so how long its <c>run_id</c> gives the recorded answer. Only time during which a server
    /// has the journal open counts, by a clock that cannot be set. Default 24 hours.
    /// </summary>
    public TimeSpan RetentionPeriod { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// As <see cref="RetentionPeriod"/>, for runs that ended otherwise: rectified, resolved with skips, abandoned. Default 30 days.
    /// </summary>
    public TimeSpan UnsuccessfulRetentionPeriod { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many runs that have ended and are not stuck are kept at most; the oldest go first. Default 1,000,000.</summary>
    public int MaxRetainedRuns { get; set; } = 1_000_000;

    /// <summary>How long to wait where another program has locked the file. Default 10 seconds.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock by which runs grow old; its timestamps are used, never its time of day.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>The file's greatest size in pages, for tests of a full disk.</summary>
    internal int? MaxPages { get; set; }

    /// <summary>How many runs may be missing in the index of ids: few enough to be looked through.</summary>
    internal int MaxUnindexedRuns { get; set; } = 32;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(RetentionPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(UnsuccessfulRetentionPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetainedRuns);
        ArgumentOutOfRangeException.ThrowIfLessThan(LockTimeout, TimeSpan.FromSeconds(1));
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
