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
        List<JournalEvent> counted = [];
        foreach (JournalEvent entry in events)
        {
            bool decides = entry.Kind is JournalEventKind.RetryRequested or JournalEventKind.SkipRequested or JournalEventKind.AbandonRequested;
            if (decides && status != RunStatus.Stuck)
            {
                continue;
            }

            counted.Add(entry);
            if (entry.Kind == JournalEventKind.RunFinished)
            {
                (status, error, answer) = (entry.Status, entry.Text, entry.Json);
            }
            else if (decides)
            {
                status = entry.Kind == JournalEventKind.AbandonRequested ? RunStatus.Abandoned : RunStatus.Unfinished;
            }
        }

        return new JournaledRun(runId, events[0].Accepted!, status, error, answer, counted);
    }

    /// <summary>All runs, the newest first.</summary>
    public static IEnumerable<JournaledRun> Runs(IReadOnlyCollection<JournalEvent> all) => all.Select(e => e.RunId).Distinct().Reverse().Select(id => Find(all, id)!);
}
