namespace Ryuso;

/// <summary>
/// Reads what a journal has recorded. Everything that its process had appended before the call is made durable first, so that what is read
/// stays true.
/// </summary>
public interface IRunStore
{
    /// <summary>A run by its id; null where there is none.</summary>
    /// <param name="runId">The run's id.</param>
    /// <param name="includeEvents">Whether <see cref="JournaledRun.Events"/> are read, which may be much longer than the rest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default);

    /// <summary>Runs that match a query, the newest first.</summary>
    /// <param name="query">Which runs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default);
}

/// <summary>Which runs <see cref="IRunStore.ListAsync"/> reads.</summary>
/// <param name="Status">How they stand.</param>
public sealed record RunQuery(RunStatus Status)
{
    /// <summary>How many at most. Default 100.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>
    /// Only runs accepted before the one at this position, so that a next page begins after the last run of the one before. Default: from
    /// the newest on.
    /// </summary>
    public long Before { get; init; } = long.MaxValue;

    /// <summary>Whether <see cref="JournaledRun.Events"/> are read. Default true.</summary>
    public bool IncludeEvents { get; init; } = true;
}
