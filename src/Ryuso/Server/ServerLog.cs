using Microsoft.Extensions.Logging;

namespace Ryuso.Server;

/// <summary>The server's log messages.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(101, LogLevel.Information, "Listening on {EndPoints}: {Spec} {Version}, programs {Programs}.")]
    public static partial void Listening(ILogger logger, string endPoints, string spec, string? version, string programs);

    [LoggerMessage(102, LogLevel.Information, "Stopping: complete requests are still answered, new connections are not accepted.")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(103, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(104, LogLevel.Warning, "A connection could not be accepted.")]
    public static partial void AcceptFailed(ILogger logger, Exception exception);

    [LoggerMessage(108, LogLevel.Warning,
        "File-descriptor limit too low: serving at most {Served} connections instead of {Asked}. Raise the limit "
        + "(ulimit -n), or lower --connections.")]
    public static partial void FewDescriptors(ILogger logger, long served, int asked);

    [LoggerMessage(110, LogLevel.Warning, "The system refuses event loops; the thread pool serves connections instead.")]
    public static partial void NoEventLoops(ILogger logger, Exception exception);

    [LoggerMessage(111, LogLevel.Warning, "Requests without the server's token since the last such message: {Count}.")]
    public static partial void Unauthorized(ILogger logger, long count);

    [LoggerMessage(112, LogLevel.Critical, "Waiting for sockets failed; the event loop tries again.")]
    public static partial void PollFailed(ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Information, "The TLS certificates have been read again.")]
    public static partial void CertificatesReloaded(ILogger logger);

    [LoggerMessage(114, LogLevel.Error, "The TLS certificates could not be read again; the server keeps those it has.")]
    public static partial void ReloadFailed(ILogger logger, Exception exception);

    [LoggerMessage(115, LogLevel.Information, "SIGHUP is ignored: there are no TLS certificates to read again.")]
    public static partial void NothingToReload(ILogger logger);

    [LoggerMessage(116, LogLevel.Warning,
        "The run '{RunId}' of the program '{Program}' has held its keys for {Seconds} s, and {Waiting} requests wait for it. See ryuso lanes.")]
    public static partial void HeldLong(ILogger logger, string runId, string program, long seconds, int waiting);

    [LoggerMessage(109, LogLevel.Debug, "The system refused {Option}. {Consequence}")]
    public static partial void OptionRefused(ILogger logger, string option, string consequence, Exception exception);

    [LoggerMessage(105, LogLevel.Error, "Unhandled exception while processing a request.")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(106, LogLevel.Debug, "A request was rejected: {Code}.")]
    public static partial void Rejected(ILogger logger, string code);

    [LoggerMessage(107, LogLevel.Debug, "A connection ended before its answer was sent.")]
    public static partial void ClientLost(ILogger logger, Exception exception);
}
