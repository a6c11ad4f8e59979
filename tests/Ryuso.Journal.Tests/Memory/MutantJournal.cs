using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>A journal with one planted bug. What it does to events on their way in, at the barrier and on their way out stands in for the same bug in the runner.</summary>
internal sealed class MutantJournal(Disk disk, Crash crash) : MemoryJournal(disk, crash)
{
    /// <summary>What becomes of an event on its way in; null drops it.</summary>
    public Func<JournalEvent, JournalEvent?> In { get; init; } = entry => entry;

    /// <summary>Whether a barrier is kept, told the events that wait for it.</summary>
    public Func<IReadOnlyList<JournalEvent>, bool> Keeps { get; init; } = _ => true;

    /// <summary>What becomes of a run on its way out.</summary>
    public Func<JournaledRun, JournaledRun> Out { get; init; } = run => run;

    /// <summary>Which status is read for which.</summary>
    public Func<RunStatus, RunStatus[]> Reads { get; init; } = status => [status];

    public bool Forgets { get; init; }

    public override void Append(JournalEvent entry)
    {
        if (In(entry) is { } changed)
        {
            base.Append(changed);
        }
    }

    public override ValueTask FlushAsync(bool canWait) => Keeps(Buffered) ? base.FlushAsync(canWait) : default;

    public override async ValueTask<JournaledRun?> FindAsync(string runId, CancellationToken cancellationToken) =>
        Forgets ? null : await base.FindAsync(runId, cancellationToken);

    public override async ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunStatus status, int limit, CancellationToken cancellationToken)
    {
        List<JournaledRun> runs = [];
        foreach (RunStatus read in Reads(status))
        {
            runs.AddRange(await base.ListAsync(read, limit, cancellationToken));
        }

        return [.. runs.Select(Out)];
    }
}
