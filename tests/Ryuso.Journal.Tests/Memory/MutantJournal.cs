using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>A journal with one planted bug. What it does to events on their way in, at the barrier and on their way out stands in for the same bug in the runner.</summary>
internal sealed class MutantJournal(Disk disk, Crash crash) : MemoryJournal(disk, crash)
{
    private long _position;

    /// <summary>What becomes of an event on its way in; null drops it.</summary>
    public Func<JournalEvent, JournalEvent?> In { get; init; } = entry => entry;

    /// <summary>Whether a barrier is kept, told the events that wait for it.</summary>
    public Func<IReadOnlyList<JournalEvent>, bool> Keeps { get; init; } = _ => true;

    /// <summary>What becomes of a run on its way out.</summary>
    public Func<JournaledRun, JournaledRun> Out { get; init; } = run => run;

    /// <summary>Which status is read for which.</summary>
    public Func<RunStatus, RunStatus[]> Reads { get; init; } = status => [status];

    public bool Forgets { get; init; }

    /// <summary>A dropped event has a position too: the bug is that it is not there, and not that the runner could know.</summary>
    public override long Append(JournalEvent entry)
    {
        if (In(entry) is { } changed)
        {
            base.Append(changed);
        }

        return ++_position;
    }

    public override bool IsDurable(long position) => true;

    public override ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default) =>
        Keeps(Buffered) ? FlushBufferAsync() : default;

    public override async ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default)
    {
        if (Forgets)
        {
            return null;
        }

        return await base.FindAsync(runId, includeEvents, cancellationToken) is { } run ? Out(run) : null;
    }

    public override async ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default)
    {
        List<JournaledRun> runs = [];
        foreach (RunStatus read in Reads(query.Status))
        {
            runs.AddRange(await base.ListAsync(query with { Status = read }, cancellationToken));
        }

        return [.. runs.Select(Out)];
    }
}
