namespace Ryuso.Journal.CrashServer;

/// <summary>A journal around which the process may end: before each append, before and after each barrier.</summary>
internal sealed class FailingJournal(IJournal inner) : IJournal
{
    private string _last = "";

    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded
    {
        add => inner.OperatorDecisionRecorded += value;
        remove => inner.OperatorDecisionRecorded -= value;
    }

    public string? Id => inner.Id;

    public IRunStore Runs => inner.Runs;

    public JournalException? Fault => inner.Fault;

    public long DurablePosition => inner.DurablePosition;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public ValueTask ReopenAsync(CancellationToken cancellationToken) => inner.ReopenAsync(cancellationToken);

    public long Append(JournalEvent entry)
    {
        Failpoint.Pass(entry.RunId);
        _last = entry.RunId;
        return inner.Append(entry);
    }

    public bool IsDurable(long position) => inner.IsDurable(position);

    public async ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        string runId = _last;
        Failpoint.Pass(runId);
        await inner.FlushAsync(position, canWait, cancellationToken).ConfigureAwait(false);
        Failpoint.Pass(runId);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
