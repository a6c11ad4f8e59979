namespace Ryuso;

/// <summary>
/// Keeps what runs do, so that each reaches exactly one recorded outcome whatever happens to the process.
/// The runner appends events as they happen and asks for a barrier only where CONTRACT section 8 needs one.
/// </summary>
/// <remarks>
/// What an implementation must keep: events become durable in the order in which they were appended, whole, and never
/// one before an earlier one; events appended between two barriers may share a commit. An operator's decision on a run
/// that is not <see cref="RunStatus.Stuck"/> is ignored. Any thread may call any member.
/// </remarks>
public interface IJournal : IAsyncDisposable
{
    /// <summary>
    /// Tells this journal from every other, as long as it lasts; known once it is open. A client whose connection was lost asks for a run again only
    /// where it finds the same journal: another could run it twice. Null where that cannot be told, so that no client asks again.
    /// </summary>
    string? Id => null;

    /// <summary>Raised, on any thread, when an operator has decided on a stuck run (<see cref="JournalEventKind.RetryRequested"/> or <see cref="JournalEventKind.SkipRequested"/>), here or in another process.</summary>
    event EventHandler? OperatorDecisionRecorded;

    /// <summary>Takes the journal for this process and makes it ready. Called once, before anything else.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be used; the message says why and what to do.</exception>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Adds an event to those that wait for the next commit. Never fails and never waits: what goes wrong shows at the barrier.</summary>
    /// <param name="entry">What happened.</param>
    void Append(JournalEvent entry);

    /// <summary>The barrier: ends when everything appended before is durable.</summary>
    /// <param name="canWait">Whether others are about to ask for a barrier too, so that a moment's wait lets them share the commit.</param>
    /// <exception cref="JournalException">It is not and will not be durable. Every later barrier fails too.</exception>
    ValueTask FlushAsync(bool canWait);

    /// <summary>A run by its id, events that are not durable yet included; null where there is none.</summary>
    /// <param name="runId">The run's id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    ValueTask<JournaledRun?> FindAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Runs of a status with their events, the newest first.</summary>
    /// <param name="status">Which runs.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunStatus status, int limit, CancellationToken cancellationToken);
}
