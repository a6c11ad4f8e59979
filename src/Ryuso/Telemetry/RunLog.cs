using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>What is logged of runs.</summary>
internal static partial class RunLog
{
    public static void Ended(ILogger logger, string program, Guid runId, string outcome, double milliseconds, string? error)
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

    [LoggerMessage(3, LogLevel.Critical, "{Program} {RunId} is stuck: the rectifier step {Step} failed ({Error}). Reversed: [{Rectified}]. Not reversed: [{Unrectified}]. Look at these by hand.")]
    public static partial void Stuck(ILogger logger, string program, Guid runId, string step, string error, string rectified, string unrectified);

    [LoggerMessage(1, LogLevel.Information, "{Program} {RunId}: {Outcome} in {Milliseconds:F2} ms.")]
    private static partial void EndedWell(ILogger logger, string program, Guid runId, string outcome, double milliseconds);

    [LoggerMessage(4, LogLevel.Information, "{Program} {RunId}: {Outcome} in {Milliseconds:F2} ms. {Error}")]
    private static partial void EndedBadly(ILogger logger, string program, Guid runId, string outcome, double milliseconds, string error);
}
