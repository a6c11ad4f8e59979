namespace Ryuso;

/// <summary>
/// Keeps what runs do, so that each reaches exactly one recorded outcome whatever happens to the process.
/// The engine appends events as they happen, and waits until they are durable before a step that can be reversed starts and before an
/// answer leaves.
/// </summary>
/// <remarks>
/// <para>
/// What an implementation guarantees. Events become durable whole, and the events of one run in the order in which they were appended;
/// those appended between two barriers may share a commit. A decision of an operator on a run that is not <see cref="RunStatus.Stuck"/> is
/// ignored. Every member may be called from any thread, by several at once.
/// </para>
/// <para>
/// A fault (<see cref="Fault"/>) ends the journal's work until <see cref="ReopenAsync"/> succeeds: every event that is not durable by then
/// is lost, its position never becomes durable, and what the runs concerned had begun is found again by <see cref="IRunStore.ListAsync"/>.
/// </para>
/// </remarks>
public interface IJournal : IAsyncDisposable
{
    /// <summary>
    /// Tells this journal from every other, as long as it lasts; known once it is open. A client whose connection was lost asks for a run
    /// again only where it finds the same journal: another could run it twice. Null where that cannot be told, so that no client asks
    /// again.
    /// </summary>
    string? Id => null;

    /// <summary>What is recorded. Reads do not wait for commits of other runs and may go on while the journal has failed.</summary>
    IRunStore Runs { get; }

    /// <summary>Why nothing can be recorded; null while all is well.</summary>
    JournalException? Fault { get; }

    /// <summary>
    /// What an operator should look at although recording goes on, in words; null where there is nothing. The server logs each new one.
    /// </summary>
    string? Warning => null;

    /// <summary>The highest position that is durable; 0 before the first.</summary>
    long DurablePosition { get; }

    /// <summary>
    /// Raised, on any thread, when a decision of an operator on a run is durable, whether made here or in another process. May be raised
    /// twice for one decision.
    /// </summary>
    event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded;

    /// <summary>Takes the journal for this process and makes it ready. Called once, before anything else.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The journal cannot be used; the message says why and what to do.</exception>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Opens the journal again after a <see cref="Fault"/>. Does nothing where there is none. No run may be under way.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The cause is still there; the message says why and what to do.</exception>
    ValueTask ReopenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Adds an event to those that wait for the next commit. Never waits and never fails: what goes wrong shows at the barrier.
    /// </summary>
    /// <param name="entry">What happened.</param>
    /// <returns>The event's position: greater than that of every event appended before by this process.</returns>
    long Append(JournalEvent entry);

    /// <summary>Whether the event at a position is durable. False for one that was lost to a fault, whatever came after it.</summary>
    /// <param name="position">What <see cref="Append"/> returned; 0, which stands for nothing, is durable.</param>
    bool IsDurable(long position);

    /// <summary>
    /// The barrier: ends when the event at a position is durable. May block the calling thread for as long as a commit takes, since the
    /// thread that needs a commit while nobody makes one makes it itself. Do not call it on a thread that others need meanwhile, unless
    /// <paramref name="canWait"/> is true: then the call returns at once.
    /// </summary>
    /// <param name="position">What <see cref="Append"/> returned.</param>
    /// <param name="canWait">Whether others are about to ask for a barrier too, so that a moment's wait lets them share the commit.</param>
    /// <param name="cancellationToken">Gives up waiting. The event may become durable all the same.</param>
    /// <exception cref="JournalException">The event is not durable and never will be.</exception>
    ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default);
}
