namespace Ryuso;

/// <summary>
/// What an operator does about runs whose rectification failed. Every decision is recorded with who made it and when;
/// a running server carries it out within about a second, a stopped one at its next start.
/// </summary>
/// <param name="journal">The journal that holds the runs.</param>
/// <param name="timeProvider">The clock; null for the system's.</param>
public sealed class StuckRunOperations(IJournal journal, TimeProvider? timeProvider = null)
{
    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    /// <summary>The stuck runs with their events, the newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public ValueTask<IReadOnlyList<JournaledRun>> ListAsync(int limit = 1000, CancellationToken cancellationToken = default) =>
        journal.Runs.ListAsync(new RunQuery(RunStatus.Stuck) { Limit = limit }, cancellationToken);

    /// <summary>Runs the failed rectifier again and goes on from there.</summary>
    /// <param name="runId">The stuck run.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">There is no such run, or it is not stuck.</exception>
    public Task RetryAsync(string runId, string by, CancellationToken cancellationToken = default) =>
        DecideAsync(runId, JournalEventKind.RetryRequested, by, reason: null, cancellationToken);

    /// <summary>Passes over the failed rectifier, whose work somebody has done by hand or does not want, and goes on after it.</summary>
    /// <param name="runId">The stuck run.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">There is no such run, or it is not stuck.</exception>
    public Task SkipAsync(string runId, string by, string reason, CancellationToken cancellationToken = default) =>
        DecideAsync(runId, JournalEventKind.SkipRequested, by, RequireReason(reason), cancellationToken);

    /// <summary>Closes the run as it stands. Nothing more is ever reversed.</summary>
    /// <param name="runId">The stuck run.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">There is no such run, or it is not stuck.</exception>
    public Task AbandonAsync(string runId, string by, string reason, CancellationToken cancellationToken = default) =>
        DecideAsync(runId, JournalEventKind.AbandonRequested, by, RequireReason(reason), cancellationToken);

    private static string RequireReason(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return reason;
    }

    private async Task DecideAsync(string runId, JournalEventKind kind, string by, string? reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        JournaledRun run = await journal.Runs.FindAsync(runId, includeEvents: false, cancellationToken).ConfigureAwait(false)
            ?? throw new JournalException($"There is no run '{runId}' in the journal.");
        if (run.Status != RunStatus.Stuck)
        {
            throw new JournalException($"The run '{runId}' is not stuck but {run.Status}; there is nothing to decide.");
        }

        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        long position = journal.Append(new JournalEvent(runId, kind, now) { By = by, Reason = reason });
        await journal.FlushAsync(position, canWait: false, cancellationToken).ConfigureAwait(false);
    }
}
