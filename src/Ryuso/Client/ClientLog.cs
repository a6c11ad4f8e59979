using Microsoft.Extensions.Logging;

namespace Ryuso.Client;

/// <summary>What is logged of a client.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(201, LogLevel.Debug, "Connected to {Server}; its journal is {Journal}.")]
    public static partial void Connected(ILogger logger, string server, string journal);

    [LoggerMessage(202, LogLevel.Warning, "No connection to {Server} could be made; next attempt in {Milliseconds} ms.")]
    public static partial void ConnectFailed(ILogger logger, string server, long milliseconds, Exception exception);

    [LoggerMessage(203, LogLevel.Warning, "The connection to {Server} was lost: {Reason}")]
    public static partial void ConnectionLost(ILogger logger, string server, string reason);

    [LoggerMessage(204, LogLevel.Information, "The run {RunId} is asked for again: the connection was lost before its answer came, and the server's journal knows whether it ran.")]
    public static partial void AskedAgain(ILogger logger, string runId);

    [LoggerMessage(205, LogLevel.Information, "The run {RunId} was rejected ({Code}); it is tried again.")]
    public static partial void RejectedForNow(ILogger logger, string runId, string code);
}
