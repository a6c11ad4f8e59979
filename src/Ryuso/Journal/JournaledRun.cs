using System.Diagnostics;

namespace Ryuso;

/// <summary>A run as the journal has it.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Accepted">What was known when it was accepted.</param>
/// <param name="Status">How it stands.</param>
[DebuggerDisplay("{RunId} {Accepted.Program} {Status}")]
public sealed record JournaledRun(string RunId, RunAccepted Accepted, RunStatus Status)
{
    /// <summary>Where the run stands among others: the later it was accepted, the greater. For <see cref="RunQuery.Before"/>.</summary>
    public long Position { get; init; }

    /// <summary>
    /// Why it is not a success; null where it is one, or has not ended. Of a stuck run it is why its rectification failed.
    /// </summary>
    public string? Error { get; init; }

    /// <summary>Why the run was rectified, in one sentence that begins with the reference of what failed; null where it was not.</summary>
    public string? Cause { get; init; }

    /// <summary>The answer as JSON text; null until there is one.</summary>
    public string? Answer { get; init; }

    /// <summary>Why what is recorded of it cannot be read; null where it can.</summary>
    public string? Damage { get; init; }

    /// <summary>When it ended, or was last stuck, in Unix milliseconds; null where it has not.</summary>
    public long? FinishedAt { get; init; }

    /// <summary>Its events in order; empty where they were not asked for.</summary>
    public IReadOnlyList<JournalEvent> Events { get; init; } = [];
}
