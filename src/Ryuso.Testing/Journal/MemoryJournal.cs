namespace Ryuso.Testing;

/// <summary>A journal whose crash loses everything that was not flushed. Where a crash is due, it never returns.</summary>
/// <remarks>
/// The gate guards the disk's events, the buffer and the positions. Events are raised, and crashes asked for, outside of it.
/// </remarks>
internal class MemoryJournal(Disk disk, Crash crash) : IJournal, IRunStore
{
    private readonly Lock _gate = new();
    private List<JournalEvent> _buffer = [];
    private long _appendedPosition;
    private long _durablePosition;

    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded;

    public IRunStore Runs => this;

    public JournalException? Fault => null;

    public long DurablePosition => Volatile.Read(ref _durablePosition);

    public IReadOnlyList<JournalEvent> Buffered => _buffer;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public ValueTask ReopenAsync(CancellationToken cancellationToken) => default;

    public virtual long Append(JournalEvent entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_gate)
        {
            _buffer.Add(entry);
            return ++_appendedPosition;
        }
    }

    public virtual bool IsDurable(long position) => position <= DurablePosition;

    public virtual ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default) =>
        IsDurable(position) ? default : FlushBufferAsync();

    public virtual async ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default)
    {
        await FlushBufferAsync().ConfigureAwait(false);
        lock (_gate)
        {
            return Disk.Find(disk.Events, runId) is { } run ? Shorten(run, includeEvents) : null;
        }
    }

    public virtual async ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        await FlushBufferAsync().ConfigureAwait(false);
        lock (_gate)
        {
            return
            [
                .. Disk.Runs(disk.Events).Where(r => r.Status == query.Status && r.Position < query.Before).Take(query.Limit)
                    .Select(r => Shorten(r, query.IncludeEvents)),
            ];
        }
    }

    public ValueTask DisposeAsync() => default;

    protected ValueTask FlushBufferAsync()
    {
        List<JournalEvent> events;
        lock (_gate)
        {
            if (_buffer.Count == 0)
            {
                return default;
            }

            events = [.. _buffer];
        }

        if (crash.HasHappened)
        {
            // Another run of the same process ended it.
            return new ValueTask(new TaskCompletionSource().Task);
        }

        if (crash.IsDue())
        {
            return new ValueTask(crash.EndAsync($"before the journal has {Describe(events)}"));
        }

        JournalEvent[] decisions;
        lock (_gate)
        {
            // Of two that flush at once, the second has nothing left.
            events = _buffer;
            _buffer = [];
            disk.Events.AddRange(events);
            decisions = [.. events.Where(e => e.IsDecision && Disk.Find(disk.Events, e.RunId)!.Events.Contains(e))];
            Volatile.Write(ref _durablePosition, _appendedPosition);
        }

        foreach (JournalEvent decision in decisions)
        {
            OperatorDecisionRecorded?.Invoke(this, new OperatorDecisionEventArgs(decision.RunId));
        }

        return events.Count > 0 && crash.IsDue() ? new ValueTask(crash.EndAsync($"when the journal has {Describe(events[^1..])}")) : default;
    }

    private static JournaledRun Shorten(JournaledRun run, bool includeEvents) => includeEvents ? run : run with { Events = [] };

    private static string Describe(IEnumerable<JournalEvent> events) =>
        string.Join(", ", events.Select(e => e.Reference is null ? $"'{e.Kind}'" : $"'{e.Kind} {e.Reference}'"));
}
