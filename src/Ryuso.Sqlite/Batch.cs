using System.Diagnostics;

namespace Ryuso.Sqlite;

/// <summary>What goes into one commit.</summary>
/// <remarks>
/// Until it is being committed, the gate of <see cref="GroupCommit"/> guards it; from then on only the thread that commits changes it.
/// </remarks>
[DebuggerDisplay("{Events.Count} events up to {LastPosition}")]
internal sealed class Batch
{
    private HashSet<string>? _runs;
    private TaskCompletionSource? _whenCommitted;

    public List<JournalEvent> Events { get; } = [];

    /// <summary>The runs on which an operator has decided.</summary>
    public IReadOnlyList<string> DecidedRuns { get; private set; } = [];

    /// <summary>The position of its last event.</summary>
    public long LastPosition { get; private set; }

    /// <summary>The timestamp at which the journal's thread is to commit it; never, until a barrier leaves that to it.</summary>
    public long Due { get; set; } = long.MaxValue;

    /// <summary>Why it is not durable; null where it is, or where that is not known yet.</summary>
    public JournalException? Fault { get; private set; }

    public void Add(JournalEvent entry, long position)
    {
        Debug.Assert(position > LastPosition, "Positions grow.");
        Events.Add(entry);
        _runs?.Add(entry.RunId);
        if (entry.IsDecision)
        {
            DecidedRuns = [.. DecidedRuns, entry.RunId];
        }

        LastPosition = position;
    }

    /// <summary>Whether events of a run are in it. Call with the gate held.</summary>
    public bool Contains(string runId) => (_runs ??= [.. Events.Select(e => e.RunId)]).Contains(runId);

    /// <summary>For those who do not commit it themselves. Call with the gate held.</summary>
    public Task WhenCommitted() => (_whenCommitted ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Call when nobody can ask for <see cref="WhenCommitted"/> any more.</summary>
    public void Complete(JournalException? fault)
    {
        Fault = fault;
        if (fault is null)
        {
            _whenCommitted?.SetResult();
        }
        else if (_whenCommitted is not null)
        {
            _whenCommitted.SetException(fault);

            // Observed here, where nobody waits for the barrier.
            _ = _whenCommitted.Task.Exception;
        }
    }
}
