using System.Diagnostics;

namespace Ryuso.PostgreSql;

/// <summary>What waits for one commit, or is being committed. The gate of <see cref="GroupCommit"/> guards it until it is being committed.</summary>
[DebuggerDisplay("{Events.Count} events up to {LastPosition}")]
internal sealed class Batch
{
    private readonly TaskCompletionSource _whenDone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<(JournalEvent Entry, long Position)> Events { get; } = [];

    /// <summary>Whether a barrier waits for it.</summary>
    public bool IsWanted { get; set; }

    public long LastPosition => Events.Count > 0 ? Events[^1].Position : 0;

    /// <summary>Ends when its events are durable or lost; never fails.</summary>
    public Task WhenDone => _whenDone.Task;

    public void Complete() => _whenDone.TrySetResult();
}
