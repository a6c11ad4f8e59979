using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Logging;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Server.Connections;
using Ryuso.Server.Hosting;
using Ryuso.Server.Loops;

namespace Ryuso;

/// <summary>How a <see cref="RyusoServer"/> listens, what it limits and what it is given.</summary>
public sealed class RyusoServerOptions
{
    /// <summary>
    /// Whether the server listens at all. False for a process whose programs are only called in it: no address is bound, and the journal,
    /// the limits and the stop are as ever. Default true.
    /// </summary>
    public bool ListensOnSocket { get; set; } = true;

    /// <summary>The address or host name to listen on. Default <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 for any free one. Default 60856.</summary>
    public int Port { get; set; } = 60856;

    /// <summary>
    /// Addresses to listen on instead of <see cref="Host"/> and <see cref="Port"/>: <c>127.0.0.1:60856</c>, <c>[::1]:0</c>,
    /// <c>unix:/run/ryuso.sock</c>; with <c>tls:</c> before it for one that speaks TLS (see <see cref="Tls"/>).
    /// </summary>
    public IList<string> Listen { get; } = [];

    /// <summary>
    /// The permissions of the socket files of <c>unix:</c> addresses: a client needs the right to write. Null, the default, leaves them
    /// to the process's umask. Not on Windows. Command line: <c>--socket-mode</c>, in octal digits.
    /// </summary>
    public UnixFileMode? UnixSocketMode { get; set; }

    /// <summary>
    /// The certificate and what else TLS needs; null where no address asks for it. Set, it requires a <c>tls:</c> address.
    /// </summary>
    public SslServerAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// Whether other processes may listen on the same port, so that the kernel spreads the clients over them. Linux only. Default false.
    /// </summary>
    public bool ReusePort { get; set; }

    /// <summary>
    /// What every request must carry as <c>auth</c>, at most 256 bytes; null for nothing. Without TLS everybody on the way can read it.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>
    /// How many requests may wait for their turn, calls in process included; one more is answered with <c>busy</c>. Default 512.
    /// </summary>
    public int MaxQueueLength { get; set; } = 512;

    /// <summary>
    /// How many of them may wait for one key (<c>program.key</c>), so that one hot key does not use up the places of all. Default 64.
    /// </summary>
    public int MaxQueueLengthPerKey { get; set; } = 64;

    /// <summary>How many runs may be under way at a time, where the spec has keys; others wait. Default 256.</summary>
    public int MaxParallelRuns { get; set; } = 256;

    /// <summary>
    /// How many bytes all connections together may hold: one half of incomplete requests, one of answers that are not sent. A request
    /// beyond that is answered with <c>busy</c>; one request always fits. Where there is a <see cref="Token"/>, clients that have not
    /// shown it share a quarter. Default 256 MiB.
    /// </summary>
    public long MaxBufferedBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How long a request may be, in bytes. Default 16 MiB.</summary>
    public int MaxRequestBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How deep objects and lists may be nested in a request, at most 64. Default 64.</summary>
    public int MaxDepth { get; set; } = JsonDepth.Max;

    /// <summary>How many connections may be open; one more is answered with <c>busy</c>. Default 4,096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>How long a client may take to receive its answer. Default 30 seconds.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take to send its request. Default 30 seconds.</summary>
    public TimeSpan ReceiveTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a stop waits for the runs under way (<c>--shutdown-seconds</c>). After that a process that runs as a server ends with exit
    /// code 1; with a journal, the next start rectifies what was cut off. Default <see cref="Timeout.InfiniteTimeSpan"/>. Under a host
    /// the shorter of this and the host's own shutdown timeout counts.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Where the constructor parameters of hook classes come from; null for nowhere.</summary>
    public IServiceProvider? Services { get; set; }

    /// <summary>Records every run, so that a crash loses nothing; null for none. The server opens and disposes of it.</summary>
    public IJournal? Journal { get; set; }

    /// <summary>
    /// The least level that the standard error stream gets (<c>--log</c>). Default <see cref="LogLevel.Information"/>: one line a run, at
    /// most 1,000 lines a second below a warning. Not used with a <see cref="LoggerFactory"/>, which has levels of its own.
    /// </summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>
    /// Where the server and its runs log; null for one line each on the standard error stream. The server calls it on a thread of its own:
    /// a logger that blocks or throws loses entries, which are counted (<c>ryuso.log.dropped</c>), and delays or fails no run.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Whether the server has threads of its own. The pool's do its work where the system lacks what they need.</summary>
    internal bool UseEventLoop { get; set; } = EventLoopGroup.IsSupported;

    /// <summary>Called once the server listens, with the address and port that it got; null for nothing.</summary>
    public Action<IPEndPoint>? Started { get; set; }

    /// <summary>The clock behind the time limits.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// Sets what the <c>RYUSO_*</c> environment variables say, as <see cref="RyusoServer.Run(string[], Action{RyusoServerOptions}?)"/>
    /// does by itself: <c>RYUSO_PORT</c>, <c>RYUSO_TOKEN</c> and so on, one for each option of the command line.
    /// </summary>
    /// <exception cref="ArgumentException">A variable has a value that its option cannot have; the message names it.</exception>
    /// <exception cref="IOException">A file that a variable names cannot be read.</exception>
    public void ApplyEnvironmentVariables()
    {
        CommandLine variables = CommandLine.Parse([], Environment.GetEnvironmentVariable);
        if (variables.Error is not null)
        {
            throw new ArgumentException(variables.Error);
        }

        variables.ApplyTo(this);
    }

    /// <exception cref="FormatException">One of them is no address.</exception>
    internal IReadOnlyList<ListenAddress> Addresses() => !ListensOnSocket ? [] : Listen.Count > 0
        ? [.. Listen.Select(ListenAddress.Parse)]
        : [new ListenAddress($"{Host}:{Port}", IsTls: false, Host, Port, Path: null)];

    /// <summary>Checks every option, as a server does when it is made.</summary>
    /// <exception cref="ArgumentException">An option has a value that it cannot have, or two contradict each other; the message names it.</exception>
    /// <exception cref="FormatException">An address is none.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfNegative(Port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueueLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueueLengthPerKey, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelRuns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestBytes, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxDepth, JsonDepth.Max);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SendTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ReceiveTimeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Token is not null && Encoding.UTF8.GetByteCount(Token) is 0 or > 256)
        {
            throw new ArgumentException("The token must have 1 to 256 bytes.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBufferedBytes, 1);

        if (ShutdownTimeout <= TimeSpan.Zero && ShutdownTimeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                nameof(ShutdownTimeout), ShutdownTimeout, "The timeout must be positive; Timeout.InfiniteTimeSpan is none.");
        }

        ListenAddress.CheckHost(Host);
        IReadOnlyList<ListenAddress> addresses = Addresses();
        ListenAddress? secured = addresses.FirstOrDefault(a => a.IsTls);
        if (secured is not null && Tls is null)
        {
            throw new ArgumentException($"'{secured.Text}' needs a certificate: set Tls, or --tls-certificate.");
        }

        if (ListensOnSocket && Tls is not null && secured is null)
        {
            throw new ArgumentException(
                $"TLS is configured, but the server would listen without it ({string.Join(", ", addresses.Select(a => a.Text))}). "
                + "Give it an address that begins with tls:, for example --listen tls:127.0.0.1:60857, or remove the TLS options.");
        }

        if (ListensOnSocket && UnixSocketMode is not null && (OperatingSystem.IsWindows() || addresses.All(a => a.Path is null)))
        {
            throw new ArgumentException(
                "UnixSocketMode (--socket-mode) needs an address that begins with unix:, on a system other than Windows.");
        }
    }

    internal RunLimits ToRunLimits() => new()
    {
        MaxQueueLength = MaxQueueLength,
        MaxQueueLengthPerKey = MaxQueueLengthPerKey,
        MaxParallelRuns = MaxParallelRuns,
    };

    internal ConnectionOptions ToConnectionOptions() => new()
    {
        Token = Token,
        ReusePort = ReusePort,
        UnixSocketMode = UnixSocketMode,
        MaxRequestBytes = MaxRequestBytes,
        MaxBufferedBytes = MaxBufferedBytes,
        MaxDepth = MaxDepth,
        MaxConnections = MaxConnections,
        SendTimeout = SendTimeout,
        ReceiveTimeout = ReceiveTimeout,
        TimeProvider = TimeProvider,
        UseEventLoop = UseEventLoop && ListensOnSocket,
    };
}
