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

    [LoggerMessage(9, LogLevel.Critical, "The journal failed: nothing runs any more until the next start, which recovers what is unfinished.")]
    public static partial void JournalFailed(ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Error, "The operator's decision on {RunId} could not be carried out.")]
    public static partial void DecisionFailed(ILogger logger, string runId, Exception exception);

    [LoggerMessage(12, LogLevel.Warning, "A cancellation callback of {Hook} threw when the hook's time limit was reached.")]
    public static partial void CancellationCallbackFailed(ILogger logger, string hook, Exception exception);
}
