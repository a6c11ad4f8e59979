namespace Ryuso.Journal.CrashServer;

/// <summary>A journal around which the process may end: before each append, before and after each barrier.</summary>
internal sealed class FailingJournal(IJournal inner) : IJournal
{
    private string _last = "";

    public event EventHandler? OperatorDecisionRecorded
    {
        add => inner.OperatorDecisionRecorded += value;
        remove => inner.OperatorDecisionRecorded -= value;
    }

    public string? Id => inner.Id;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public void Append(JournalEvent entry)
    {
        Failpoint.Pass(entry.RunId);
        _last = entry.RunId;
        inner.Append(entry);
    }

    public async ValueTask FlushAsync(bool canWait)
    {
        string runId = _last;
        Failpoint.Pass(runId);
        await inner.FlushAsync(canWait).ConfigureAwait(false);
        Failpoint.Pass(runId);
    }

    public ValueTask<JournaledRun?> FindAsync(string runId, CancellationToken cancellationToken) => inner.FindAsync(runId, cancellationToken);

    public ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunStatus status, int limit, CancellationToken cancellationToken) => inner.ListAsync(status, limit, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
