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
    IReadOnlyList<JournalEvent> Events);
