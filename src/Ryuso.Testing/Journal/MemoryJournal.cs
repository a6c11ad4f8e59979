namespace Ryuso.Testing;

/// <summary>A journal whose crash loses everything that was not flushed. Where a crash is due, it never returns.</summary>
internal class MemoryJournal(Disk disk, Crash crash) : IJournal
{
    private readonly List<JournalEvent> _buffer = [];

    public event EventHandler? OperatorDecisionRecorded;

    public IReadOnlyList<JournalEvent> Buffered => _buffer;

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
            return new ValueTask(crash.EndAsync($"before the journal has {Words(_buffer)}"));
        }

        bool decides = _buffer.Exists(e => e.Kind is JournalEventKind.RetryRequested or JournalEventKind.SkipRequested);
        JournalEvent last = _buffer[^1];
        disk.Events.AddRange(_buffer);
        _buffer.Clear();
        if (decides)
        {
            OperatorDecisionRecorded?.Invoke(this, EventArgs.Empty);
        }

        return crash.IsDue() ? new ValueTask(crash.EndAsync($"when the journal has {Words([last])}")) : default;
    }

    public virtual ValueTask<JournaledRun?> FindAsync(string runId, CancellationToken cancellationToken) =>
        new(Disk.Find(disk.Events.Concat(_buffer), runId));

    public virtual ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunStatus status, int limit, CancellationToken cancellationToken) =>
        new([.. Disk.Runs([.. disk.Events, .. _buffer]).Where(r => r.Status == status).Take(limit)]);

    public ValueTask DisposeAsync() => default;

    private static string Words(IEnumerable<JournalEvent> events) =>
        string.Join(", ", events.Select(e => e.Reference is null ? $"'{e.Kind}'" : $"'{e.Kind} {e.Reference}'"));
}
