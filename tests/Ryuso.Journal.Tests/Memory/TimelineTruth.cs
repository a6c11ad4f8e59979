namespace Ryuso.Journal.Tests.Memory;

/// <summary>Holds what a timeline says of a run to what its hooks really did.</summary>
internal static class TimelineTruth
{
    public static void Check(JournaledRun run, IReadOnlyCollection<Deed> deeds)
    {
        RunTimeline timeline = RunTimeline.Of(run);
        ILookup<(int? Number, bool IsUndoing), Deed> done = deeds.Where(d => d.Name != "look")
            .ToLookup(d => (timeline.NumberOf(new JournalEvent(run.RunId, JournalEventKind.StepStarted, 0) { Step = d.Step }), d.IsUndoing));
        foreach (RunTimelineStep step in timeline.Steps)
        {
            Deed? did = done[(step.Number, false)].LastOrDefault();
            Deed? undid = done[(step.Number, true)].LastOrDefault();
            Broken.Unless(IsTrue(run, step, did), $"the timeline says {step.Reference} is {step.Progress} in a run that is {run.Status}, and it did {did}");
            Broken.Unless(
                IsTrue(run, step, did, undid),
                $"the timeline says {step.Reference} is {step.Progress}, rectification {step.Rectification}, in a run that is {run.Status}; it did {did}, then {undid}");
            foreach (RunTimelineRectifier rectifier in step.Rectifiers)
            {
                Broken.Unless(IsTrue(run, rectifier, undid), $"the timeline says {rectifier.Reference} is {rectifier.Progress} in a run that is {run.Status}, and it did {undid}");
            }
        }
    }

    private static bool IsTrue(JournaledRun run, RunTimelineStep step, Deed? did) => step.Progress switch
    {
        StepProgress.NotReached => did is null,
        StepProgress.Ran => did is { Ok: true },
        StepProgress.Failed => did is { Ok: false },
        StepProgress.Started => run.Status == RunStatus.Unfinished,
        _ => run.Events.All(e => e.Kind != JournalEventKind.CompensationStarted),
    };

    private static bool IsTrue(JournaledRun run, RunTimelineStep step, Deed? did, Deed? undid)
    {
        bool isGoingBack = run.Status is not RunStatus.Unfinished and not RunStatus.Succeeded;
        return step.Rectification switch
        {
            StepRectification.None => undid is null && !(isGoingBack && did is { Ok: true } && step.Rectifiers.Count > 0),
            StepRectification.Pending => run.Status is RunStatus.Unfinished or RunStatus.Stuck,
            StepRectification.Rectified => undid is { Ok: true },
            StepRectification.Skipped => run.Events.Any(e => e.Kind == JournalEventKind.SkipRequested),
            _ => run.Status == RunStatus.Abandoned,
        };
    }

    private static bool IsTrue(JournaledRun run, RunTimelineRectifier rectifier, Deed? undid) => rectifier.Progress switch
    {
        RectifierProgress.NotNeeded or RectifierProgress.Abandoned => undid is null,
        RectifierProgress.Pending => undid is null || run.Events.Any(e => e.Kind == JournalEventKind.RetryRequested),
        RectifierProgress.Completed => undid is { Ok: true },
        RectifierProgress.Failed => run.Status is RunStatus.Stuck or RunStatus.Abandoned,
        RectifierProgress.Skipped => run.Events.Any(e => e.Kind == JournalEventKind.SkipRequested),
        _ => run.Status == RunStatus.Unfinished,
    };
}
