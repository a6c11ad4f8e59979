namespace Ryuso.Testing;

/// <summary>What survives a simulated process: the events that its journal had made durable.</summary>
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
        long? finishedAt = null;
        List<JournalEvent> counted = [];
        foreach (JournalEvent entry in events)
        {
            if (entry.IsDecision && status != RunStatus.Stuck)
            {
                continue;
            }

            counted.Add(entry);
            if (entry.Kind == JournalEventKind.RunFinished)
            {
                (status, error, answer, finishedAt) = (entry.Status, entry.Error, entry.Answer, entry.Time);
            }
            else if (entry.IsDecision)
            {
                bool isEnd = entry.Kind == JournalEventKind.AbandonRequested;
                (status, finishedAt) = isEnd ? (RunStatus.Abandoned, entry.Time) : (RunStatus.Unfinished, (long?)null);
            }
        }

        return new JournaledRun(runId, events[0].Accepted!, status)
        {
            Error = error,
            Cause = counted.Find(e => e.Kind is JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted) switch
            {
                null => null,
                { Kind: JournalEventKind.RunInterrupted } interruption => interruption.Error,
                var turn => $"{turn.Reference} failed: {turn.Error}",
            },
            Answer = answer,
            FinishedAt = finishedAt,
            Events = counted,
        };
    }

    /// <summary>All runs, the newest first.</summary>
    public static IEnumerable<JournaledRun> Runs(IReadOnlyCollection<JournalEvent> all) =>
        all.Select(e => e.RunId).Distinct().Select((id, position) => Find(all, id)! with { Position = position + 1 }).Reverse();
}
