using Microsoft.Extensions.Logging;

namespace Ryuso.Telemetry;

/// <summary>What is logged of runs.</summary>
internal static partial class RunLog
{
    public static void Ended(ILogger logger, string program, string runId, string outcome, double milliseconds, string? error)
    {
        if (error is null)
        {
            EndedWell(logger, program, runId, outcome, milliseconds);
        }
        else
        {
            EndedBadly(logger, program, runId, outcome, milliseconds, error);
        }
    }

    [LoggerMessage(2, LogLevel.Warning, "{Hook} failed at try {Attempt}.")]
    public static partial void HookFailed(ILogger logger, string hook, int attempt, Exception exception);

    /// <summary>A hook that fails on purpose has said why: the exception is logged only where it has a cause.</summary>
    [LoggerMessage(18, LogLevel.Information, "{Hook} failed at try {Attempt}: {Reason}")]
    public static partial void HookFailedOnPurpose(ILogger logger, string hook, int attempt, string reason, Exception? cause);

    [LoggerMessage(3, LogLevel.Critical, "{Program} {RunId} is stuck: {Cause} failed ({Why}), and on the way back the rectifier step {Step} failed ({Error}). Reversed: [{Rectified}]. Not reversed: [{Unrectified}]. Look at these by hand.")]
    public static partial void Stuck(ILogger logger, string program, string runId, string cause, string why, string step, string error, string rectified, string unrectified);

    [LoggerMessage(1, LogLevel.Information, "{Program} {RunId}: {Outcome} in {Milliseconds:F2} ms.")]
    private static partial void EndedWell(ILogger logger, string program, string runId, string outcome, double milliseconds);

    [LoggerMessage(4, LogLevel.Information, "{Program} {RunId}: {Outcome} in {Milliseconds:F2} ms. {Error}")]
    private static partial void EndedBadly(ILogger logger, string program, string runId, string outcome, double milliseconds, string error);

    [LoggerMessage(5, LogLevel.Information, "The journal has {Count} unfinished runs; recovering.")]
    public static partial void Recovering(ILogger logger, int count);

    [LoggerMessage(6, LogLevel.Warning, "{Program} {RunId}: recovered, {Outcome}. {Error}")]
    public static partial void Recovered(ILogger logger, string program, string runId, string outcome, string? error);

    [LoggerMessage(7, LogLevel.Information, "{Done} of {Count} runs recovered.")]
    public static partial void RecoveryProgress(ILogger logger, int done, int count);

    [LoggerMessage(8, LogLevel.Critical, "{Program} {RunId} has been stuck since {Since:u}: {Cause} On the way back: {Error} Retry, skip or abandon it.")]
    public static partial void StillStuck(ILogger logger, string program, string runId, DateTimeOffset since, string? cause, string? error);

    [LoggerMessage(9, LogLevel.Critical, "The journal failed: nothing runs until it can be opened again, and what is unfinished is recovered then.")]
    public static partial void JournalFailed(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Error, "The journal cannot be read.")]
    public static partial void JournalUnreadable(ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Warning, "The journal still cannot be opened: {Reason}")]
    public static partial void JournalStillFails(ILogger logger, string reason);

    [LoggerMessage(13, LogLevel.Warning, "The journal is open again, and what was unfinished has been recovered.")]
    public static partial void JournalReopened(ILogger logger);

    [LoggerMessage(14, LogLevel.Warning, "{Warning}")]
    public static partial void JournalWarned(ILogger logger, string warning);

    [LoggerMessage(15, LogLevel.Critical, "{Program} {RunId} is stuck: it cannot be recovered. {Why}")]
    public static partial void CannotRecover(ILogger logger, string program, string runId, string why, Exception exception);

    [LoggerMessage(17, LogLevel.Error, "A hook class or a service failed when it was disposed of, after its run had ended.")]
    public static partial void DisposalFailed(ILogger logger, Exception exception);

    [LoggerMessage(16, LogLevel.Error, "{Program} {RunId} was ended by an exception of the engine and is rectified now.")]
    public static partial void RunBroke(ILogger logger, string program, string runId, Exception exception);

    [LoggerMessage(10, LogLevel.Error, "The operator's decision on {RunId} could not be carried out.")]
    public static partial void DecisionFailed(ILogger logger, string runId, Exception exception);

    [LoggerMessage(12, LogLevel.Warning, "A cancellation callback of {Hook} threw when the hook's time limit was reached.")]
    public static partial void CancellationCallbackFailed(ILogger logger, string hook, Exception exception);
}
