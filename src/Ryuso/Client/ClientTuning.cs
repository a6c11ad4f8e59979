namespace Ryuso.Client;

/// <summary>The figures by which the client is tuned, each with what chose it.</summary>
internal static class ClientTuning
{
    /// <summary>How long a server may be silent under a call that is cancelled before the next call opens another connection.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of requests in one send: some hundred small ones, and what a socket takes without waiting.</summary>
    public const int MaxBatchedBytes = 64 * 1024;

    /// <summary>Bytes that one read takes; a larger buffer, which one long answer needed, is not kept.</summary>
    public const int ReceiveBytes = 16 * 1024;

    /// <summary>With the interval and the number of probes: a dead peer of an idle connection is noticed within 30 seconds.</summary>
    public const int KeepAliveSeconds = 15;

    /// <summary>Seconds between two probes.</summary>
    public const int KeepAliveIntervalSeconds = 5;

    /// <summary>Probes without an answer that end the connection.</summary>
    public const int KeepAliveProbes = 3;
}
