using Microsoft.Extensions.Logging;

namespace Ryuso.Server;

/// <summary>What is logged of the server.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(101, LogLevel.Information, "Listening on {EndPoints}: {Spec} {Version}, programs {Programs}.")]
    public static partial void Listening(ILogger logger, string endPoints, string spec, string? version, string programs);

    [LoggerMessage(102, LogLevel.Information, "Stopping: complete requests are still answered.")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(103, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(104, LogLevel.Warning, "A connection could not be accepted.")]
    public static partial void AcceptFailed(ILogger logger, Exception exception);

    [LoggerMessage(108, LogLevel.Warning, "The process may not have so many files and sockets open: {Served} connections are served, not {Asked}. Raise the limit (ulimit -n), or lower --connections.")]
    public static partial void FewDescriptors(ILogger logger, long served, int asked);

    [LoggerMessage(105, LogLevel.Error, "A request ended in an unexpected exception.")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(106, LogLevel.Debug, "A request was rejected: {Code}.")]
    public static partial void Rejected(ILogger logger, string code);

    [LoggerMessage(107, LogLevel.Debug, "A client went away before it had its answer.")]
    public static partial void ClientLost(ILogger logger, Exception exception);
}
