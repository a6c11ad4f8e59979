namespace Ryuso.Cli.Runs;

/// <summary>What the journal's enumerations are called here: as the journal itself calls them.</summary>
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
}
