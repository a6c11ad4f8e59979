using System.Diagnostics;

namespace Ryuso.PostgreSql;

/// <summary>A row of the table <c>run</c>.</summary>
[DebuggerDisplay("{Id} {RunId} {Outcome}")]
internal sealed record RunRow(long Id, string RunId, RunAccepted Accepted)
{
    /// <summary>Its end, where it comes with the same append.</summary>
    public Outcome? Outcome { get; set; }
}

/// <summary>How a run ended, or was stuck.</summary>
internal sealed record Outcome(long Id, RunStatus Status, long FinishedAt, string? Error, string? Cause, string? Answer);

/// <summary>A row of the table <c>event</c>.</summary>
[DebuggerDisplay("{Run}/{Seq} {Entry.Kind}")]
internal sealed record EventRow(long Run, int Seq, JournalEvent Entry, long Position);

/// <summary>What one append writes, for any number of runs.</summary>
internal sealed class Segment
{
    public List<JournaledPlan> Plans { get; } = [];

    public List<RunRow> Runs { get; } = [];

    public List<Outcome> Outcomes { get; } = [];

    public List<EventRow> Events { get; } = [];

    /// <summary>Takes out a run whose id another run has.</summary>
    public IEnumerable<long> Remove(RunRow run)
    {
        long[] positions = [.. Events.Where(e => e.Run == run.Id).Select(e => e.Position)];
        Runs.Remove(run);
        Outcomes.RemoveAll(o => o.Id == run.Id);
        Events.RemoveAll(e => e.Run == run.Id);
        return positions;
    }
}
