namespace Ryuso;

/// <summary>A run as the journal knows it.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Accepted">What was known from its beginning.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Error">Why it is not a success; null where it is one, or is not finished.</param>
/// <param name="Answer">The answer as JSON text; null until there is one.</param>
/// <param name="Events">Its events in order. Those of a finished run may be left out by a listing.</param>
public sealed record JournaledRun(
    string RunId,
    RunAccepted Accepted,
    RunStatus Status,
    string? Error,
    string? Answer,
    IReadOnlyList<JournalEvent> Events)
{
    /// <summary>Why the run turned back, in one sentence that begins with what failed; <see cref="Error"/> of a stuck run is only why its undoing failed. Null where it did not turn back, or its events were left out.</summary>
    public string? Cause => Events.FirstOrDefault(e => e.Kind is JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted) is { } turn
        ? $"{turn.Reference} failed: {turn.Text}"
        : null;
}
