namespace Ryuso.Journal.Tests;

/// <summary>A journal that hands everything on to another: for tests that stand between the engine and its journal.</summary>
internal class DelegatingJournal(IJournal inner) : IJournal
{
    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded
    {
        add => inner.OperatorDecisionRecorded += value;
        remove => inner.OperatorDecisionRecorded -= value;
    }

    public string? Id => inner.Id;

    public virtual IRunStore Runs => inner.Runs;

    public virtual JournalException? Fault => inner.Fault;

    public virtual string? Warning => inner.Warning;

    public long DurablePosition => inner.DurablePosition;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public virtual ValueTask ReopenAsync(CancellationToken cancellationToken) => inner.ReopenAsync(cancellationToken);

    public virtual long Append(JournalEvent entry) => inner.Append(entry);

    public bool IsDurable(long position) => inner.IsDurable(position);

    public virtual ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default) =>
        inner.FlushAsync(position, canWait, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
