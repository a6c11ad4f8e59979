using Microsoft.Extensions.Logging;

namespace Ryuso.Client;

/// <summary>The client's log messages.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(201, LogLevel.Debug, "Connected to {Server}; its journal is {Journal}.")]
    public static partial void Connected(ILogger logger, string server, string journal);

    [LoggerMessage(202, LogLevel.Warning, "Connecting to {Server} failed; next attempt in {Milliseconds} ms.")]
    public static partial void ConnectFailed(ILogger logger, string server, long milliseconds, Exception exception);

    [LoggerMessage(203, LogLevel.Warning, "The connection to {Server} was lost: {Reason}")]
    public static partial void ConnectionLost(ILogger logger, string server, string reason);

    [LoggerMessage(204, LogLevel.Information,
        "Repeating the request of run {RunId}: the connection was lost before its answer, and the server's journal "
        + "knows whether it ran.")]
    public static partial void AskedAgain(ILogger logger, string runId);

    [LoggerMessage(205, LogLevel.Information, "Run {RunId} was rejected ({Code}); retrying.")]
    public static partial void RejectedForNow(ILogger logger, string runId, string code);
}
