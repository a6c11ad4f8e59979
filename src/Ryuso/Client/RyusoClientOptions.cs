using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Telemetry;

namespace Ryuso;

/// <summary>How a <see cref="RyusoClient"/> connects, how long it goes on trying, and what it limits.</summary>
public sealed class RyusoClientOptions
{
    /// <summary>What the server asks for as <c>auth</c>; null for nothing.</summary>
    public string? Token { get; set; }

    /// <summary>
    /// What TLS needs beyond the defaults: whom to trust (<see cref="SslClientAuthenticationOptions.CertificateChainPolicy"/>), a client
    /// certificate. Where it is set TLS is spoken, as with an address that begins with <c>tls:</c>. An empty target host becomes that of
    /// the address.
    /// </summary>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>How long one attempt to connect may take, TLS and the server's first answer included. Default 10 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long to wait after a first failed attempt; each further wait is twice as long, and up to half of it is left to chance. Default
    /// 50 milliseconds.
    /// </summary>
    public TimeSpan InitialRetryDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long to wait between two attempts at most. Default 5 seconds.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a call goes on after its first setback: no connection, a lost one, a busy server. Zero gives up at the first,
    /// <see cref="Timeout.InfiniteTimeSpan"/> leaves it to the call's token. A run that takes long is no setback. Default 30 seconds.
    /// </summary>
    public TimeSpan RetryLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a call that the server rejects as <c>busy</c> or <c>shutting_down</c>, so that nothing ran, is tried again. Default true.
    /// </summary>
    public bool RetryRejected { get; set; } = true;

    /// <summary>How many requests may wait for their answers; further calls wait for a place. Default 1,024.</summary>
    public int MaxInFlight { get; set; } = 1024;

    /// <summary>How long an answer may be, in bytes. Default 16 MiB.</summary>
    public int MaxAnswerBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Where connections and their losses are logged. Default nowhere.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>The logger, guarded: one that throws costs its entry and no call.</summary>
    internal ILogger Log => ObserverLogger.Immediate(Logger);

    /// <summary>The clock behind the waits and limits.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>A number from 0 to 1, so that clients which lost one server do not come back in step.</summary>
    internal Func<double> Jitter { get; set; } = Random.Shared.NextDouble;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(InitialRetryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetryDelay, InitialRetryDelay);
        if (RetryLimit < TimeSpan.Zero && RetryLimit != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                nameof(RetryLimit), RetryLimit, "The limit must not be negative; Timeout.InfiniteTimeSpan is none.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAnswerBytes, 1024);
        ArgumentNullException.ThrowIfNull(Logger);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Token is not null && Encoding.UTF8.GetByteCount(Token) is 0 or > 256)
        {
            throw new ArgumentException("The token must have 1 to 256 bytes.");
        }
    }
}
