using System.Net;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>How a <see cref="RyusoServer"/> listens, what it limits and what it is given.</summary>
public sealed class RyusoServerOptions
{
    /// <summary>The address or host name to listen on. Default <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 for any free one. Default 60856.</summary>
    public int Port { get; set; } = 60856;

    /// <summary>How many requests may wait for the run in flight; one more is answered with <c>busy</c>. Default 512.</summary>
    public int QueueLength { get; set; } = 512;

    /// <summary>How long a request may be, in bytes. Default 16 MiB.</summary>
    public int MaxRequestBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How many connections may be open; one more is answered with <c>busy</c>. Default 4,096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>How long a client may take to take its answer. Default 30 seconds.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take to send its request. Default 30 seconds.</summary>
    public TimeSpan ReceiveTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the constructor parameters of hook classes come from; null for nowhere.</summary>
    public IServiceProvider? Services { get; set; }

    /// <summary>Records every run, so that a crash loses nothing; null for none. The server opens and disposes of it.</summary>
    public IJournal? Journal { get; set; }

    /// <summary>Where the server and its runs log; null for one line each on the standard error stream.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Called once the server listens, with the address and port that it got; null for nothing.</summary>
    public Action<IPEndPoint>? Started { get; set; }

    /// <summary>The clock behind the time limits.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfNegative(Port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestBytes, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SendTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ReceiveTimeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
