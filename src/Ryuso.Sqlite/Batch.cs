namespace Ryuso.Sqlite;

/// <summary>What goes into one commit.</summary>
internal sealed class Batch
{
    private TaskCompletionSource? _ended;

    public List<JournalEvent> Events { get; } = [];

    /// <summary>When the journal's thread is to commit it; never, until somebody leaves that to it.</summary>
    public long Due { get; set; } = long.MaxValue;

    /// <summary>Why it is not durable; null where it is, or it is not known yet.</summary>
    public JournalException? Fault { get; private set; }

    public bool Holds(string runId) => Events.Exists(e => e.RunId == runId);

    /// <summary>For those who do not commit it themselves. Call under the gate.</summary>
    public Task WhenCommitted() => (_ended ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Call when nobody can ask for <see cref="WhenCommitted"/> any more.</summary>
    public void Complete(JournalException? fault)
    {
        Fault = fault;
        if (fault is null)
        {
            _ended?.SetResult();
        }
        else if (_ended is not null)
        {
            _ended.SetException(fault);

            // Seen here, where nobody waits for the barrier.
            _ = _ended.Task.Exception;
        }
    }
}
