namespace Ryuso.PostgreSql;

/// <summary>Where a <see cref="PostgreSqlJournal"/> stands, how long it waits, and how long it keeps runs that have ended.</summary>
public sealed class PostgreSqlJournalOptions
{
    /// <summary>
    /// The schema that holds the journal; made where it is missing. Servers of different specs in one database have one each. Default
    /// <c>ryuso</c>.
    /// </summary>
    public string Schema { get; set; } = "ryuso";

    /// <summary>
    /// How long opening the journal waits for another server that has it. Zero refuses at once;
    /// <see cref="Timeout.InfiniteTimeSpan"/> makes the server a hot standby, which opens its socket when it has taken the journal. Default
    /// zero.
    /// </summary>
    public TimeSpan StandbyTimeout { get; set; }

    /// <summary>
    /// How long to wait, after the journal was taken from a server that did not let go of it and may be alive, before its runs are
    /// rectified: at least as long as a step may take. Not waited for where that server has stopped, or was a process of this machine that
    /// is gone. Default 10 seconds.
    /// </summary>
    public TimeSpan TakeoverDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long runs wait for a database that cannot be reached before they are answered with an unknown outcome. Default 5 seconds.
    /// </summary>
    public TimeSpan OutageTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a run that succeeded is kept, and so how long its <c>run_id</c> gives the recorded answer; by the database's clock. Default
    /// 24 hours.
    /// </summary>
    public TimeSpan RetentionPeriod { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// As <see cref="RetentionPeriod"/>, for runs that ended otherwise: rectified, resolved with skips, abandoned. Default 30 days.
    /// </summary>
    public TimeSpan UnsuccessfulRetentionPeriod { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many runs that have ended and are not stuck are kept at most; the oldest go first. Default 1,000,000.</summary>
    public int MaxRetainedRuns { get; set; } = 1_000_000;

    /// <summary>The clock of the journal's waits and of its rounds of maintenance.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Schema);
        if (Schema.Length > 63 || Schema.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("The name of a schema has at most 63 characters, none of them NUL.", nameof(Schema));
        }

        if (StandbyTimeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(StandbyTimeout, TimeSpan.Zero);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(TakeoverDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(OutageTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetentionPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(UnsuccessfulRetentionPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetainedRuns);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
