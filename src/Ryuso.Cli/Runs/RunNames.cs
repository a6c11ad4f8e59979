namespace Ryuso.Cli.Runs;

/// <summary>What enumerations of runs are called here; those of the journal as the journal itself calls them.</summary>
internal static class RunNames
{
    public static string Of(RunStatus status) => status switch
    {
        RunStatus.Unfinished => "unfinished",
        RunStatus.Succeeded => "succeeded",
        RunStatus.Rectified => "rectified",
        RunStatus.Stuck => "stuck",
        RunStatus.ResolvedWithSkips => "resolved_with_skips",
        _ => "abandoned",
    };

    public static string Of(JournalEventKind kind) => kind switch
    {
        JournalEventKind.RunAccepted => "run_accepted",
        JournalEventKind.StepStarted => "step_started",
        JournalEventKind.StepCompleted => "step_completed",
        JournalEventKind.AttemptFailed => "attempt_failed",
        JournalEventKind.CompensationStarted => "compensation_started",
        JournalEventKind.RunInterrupted => "run_interrupted",
        JournalEventKind.RecoveryStarted => "recovery_started",
        JournalEventKind.RunFinished => "run_finished",
        JournalEventKind.RetryRequested => "retry_requested",
        JournalEventKind.SkipRequested => "skip_requested",
        _ => "abandon_requested",
    };

    public static string Of(StepProgress progress) => progress switch
    {
        StepProgress.NotReached => "not_reached",
        StepProgress.MayHaveRun => "may_have_run",
        StepProgress.Started => "started",
        StepProgress.Ran => "ran",
        StepProgress.Failed => "failed",
        _ => "in_doubt",
    };

    public static string? Of(StepRectification rectification) => rectification switch
    {
        StepRectification.None => null,
        StepRectification.Pending => "pending",
        StepRectification.Rectified => "rectified",
        StepRectification.Skipped => "skipped",
        _ => "abandoned",
    };

    public static string Of(RectifierProgress progress) => progress switch
    {
        RectifierProgress.NotNeeded => "not_needed",
        RectifierProgress.Pending => "pending",
        RectifierProgress.Started => "started",
        RectifierProgress.Completed => "completed",
        RectifierProgress.Failed => "failed",
        RectifierProgress.Skipped => "skipped",
        _ => "abandoned",
    };
}
