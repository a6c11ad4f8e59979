namespace Ryuso.Server.Connections;

/// <summary>What the connections of a server need to know of its options.</summary>
internal sealed record ConnectionOptions
{
    public required string? Token { get; init; }

    public required bool ReusePort { get; init; }

    public required UnixFileMode? UnixSocketMode { get; init; }

    public required int MaxRequestBytes { get; init; }

    public required long MaxBufferedBytes { get; init; }

    public required int MaxDepth { get; init; }

    public required int MaxConnections { get; init; }

    public required TimeSpan SendTimeout { get; init; }

    public required TimeSpan ReceiveTimeout { get; init; }

    public required TimeProvider TimeProvider { get; init; }

    public required bool UseEventLoop { get; init; }
}
