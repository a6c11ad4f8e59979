namespace Ryuso.Journal.Tests.Memory;

/// <summary>What survives the process: the events of a disk that keeps exactly what was flushed.</summary>
internal sealed class Disk(IEnumerable<JournalEvent> events)
{
    public List<JournalEvent> Events { get; } = [.. events];

    public static JournaledRun? Find(IEnumerable<JournalEvent> all, string runId)
    {
        JournalEvent[] events = [.. all.Where(e => e.RunId == runId)];
        if (events.Length == 0)
        {
            return null;
        }

        RunStatus status = RunStatus.Unfinished;
        string? error = null, answer = null;
        List<JournalEvent> counted = [];
        foreach (JournalEvent entry in events)
        {
            bool decides = entry.Kind is JournalEventKind.Retry or JournalEventKind.Skip or JournalEventKind.Abandon;
            if (decides && status != RunStatus.Stuck)
            {
                continue;
            }

            counted.Add(entry);
            if (entry.Kind == JournalEventKind.Finished)
            {
                (status, error, answer) = (entry.Status, entry.Text, entry.Json);
            }
            else if (decides)
            {
                status = entry.Kind == JournalEventKind.Abandon ? RunStatus.Abandoned : RunStatus.Unfinished;
            }
        }

        return new JournaledRun(runId, events[0].Accepted!, status, error, answer, counted);
    }
}

/// <summary>A journal whose crash loses everything that was not flushed. Where a crash is due, it never returns.</summary>
internal class MemoryJournal(Disk disk, Crash crash) : IJournal
{
    private readonly List<JournalEvent> _buffer = [];

    public event EventHandler? Decided;

    public IReadOnlyList<JournalEvent> Buffered => _buffer;

    protected Disk Disk => disk;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public virtual void Append(JournalEvent entry) => _buffer.Add(entry);

    public virtual ValueTask FlushAsync(bool canWait)
    {
        if (_buffer.Count == 0)
        {
            return default;
        }

        if (crash.IsDue())
        {
            return new ValueTask(Crash.Never);
        }

        bool decides = _buffer.Exists(e => e.Kind is JournalEventKind.Retry or JournalEventKind.Skip);
        disk.Events.AddRange(_buffer);
        _buffer.Clear();
        if (decides)
        {
            Decided?.Invoke(this, EventArgs.Empty);
        }

        return crash.IsDue() ? new ValueTask(Crash.Never) : default;
    }

    public virtual ValueTask<JournaledRun?> FindAsync(string runId, CancellationToken cancellationToken) =>
        new(Disk.Find(disk.Events.Concat(_buffer), runId));

    public virtual ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunStatus status, int limit, CancellationToken cancellationToken)
    {
        List<JournalEvent> all = [.. disk.Events, .. _buffer];
        return new([.. all.Select(e => e.RunId).Distinct().Reverse().Select(id => Disk.Find(all, id)!).Where(r => r.Status == status).Take(limit)]);
    }

    public ValueTask DisposeAsync() => default;
}

/// <summary>The moment at which the process ends: the n-th at which somebody asks.</summary>
internal sealed class Crash(int? at = null)
{
    private int _asked;

    /// <summary>What a process that has ended is waiting for.</summary>
    public static Task Never { get; } = new TaskCompletionSource().Task;

    public bool HasHappened { get; private set; }

    public bool IsDue() => HasHappened |= _asked++ == at;
}
