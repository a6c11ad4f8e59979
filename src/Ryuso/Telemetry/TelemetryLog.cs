using Microsoft.Extensions.Logging;

namespace Ryuso.Telemetry;

/// <summary>Log entries about the log itself.</summary>
internal static partial class TelemetryLog
{
    [LoggerMessage(201, LogLevel.Warning, "{Count} log entries were dropped: the log is slower than what is logged, or it failed.")]
    public static partial void EntriesDropped(ILogger logger, long count);
}
