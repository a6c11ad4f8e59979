using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Hosting;

/// <summary>
/// Logs to the standard error stream, one line an entry, so that the package needs no logging provider. Entries below a warning are
/// limited to <see cref="MaxDetailsPerSecond"/>; how many were left out is logged. A stream that fails costs its lines only.
/// </summary>
internal sealed class StandardErrorLogger(TimeProvider time, LogLevel minLevel) : ILoggerFactory, ILogger
{
    /// <summary>A busy server makes a million runs a second, which would be 100 MB of log; 1,000 lines are 100 KB.</summary>
    public const int MaxDetailsPerSecond = 1000;

    private static readonly SafeFileHandle? s_descriptor = OperatingSystem.IsLinux() ? new SafeFileHandle(2, ownsHandle: false) : null;

    private readonly Lock _gate = new();
    private readonly Stream? _stream = s_descriptor is null ? Console.OpenStandardError() : null;
    private long _second = -1;
    private int _details;
    private long _suppressed;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("Set LoggerFactory to log elsewhere than to the standard error stream.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        if (logLevel < minLevel || logLevel >= LogLevel.None)
        {
            return false;
        }

        if (logLevel >= LogLevel.Warning || Volatile.Read(ref _details) < MaxDetailsPerSecond || Volatile.Read(ref _second) != Second)
        {
            return true;
        }

        Interlocked.Increment(ref _suppressed);
        return false;
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            if (_second != Second)
            {
                WriteSuppressed();
                Volatile.Write(ref _details, 0);
                Volatile.Write(ref _second, Second);
            }

            if (logLevel < LogLevel.Warning)
            {
                Volatile.Write(ref _details, _details + 1);
            }

            string message = formatter(state, exception);
            Write(logLevel, exception is null ? message : $"{message} {exception}");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            WriteSuppressed();
        }
    }

    private long Second => time.GetTimestamp() / time.TimestampFrequency;

    private void WriteSuppressed()
    {
        if (Interlocked.Exchange(ref _suppressed, 0) is > 0 and var count)
        {
            Write(LogLevel.Information, string.Create(
                CultureInfo.InvariantCulture, $"{count} further entries were left out: at most {MaxDetailsPerSecond} a second are written below a warning."));
        }
    }

    private void Write(LogLevel level, string text)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread, "Lines are written whole.");
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {level} {Printable(text)}\n");
        Write(Encoding.UTF8.GetBytes(line));
    }

    /// <summary>
    /// What a client sent must not move the reader's cursor: line ends become spaces, other control characters their escapes.
    /// </summary>
    private static string Printable(string text)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Any(char.IsControl)
            ? string.Concat(text.Select(c => char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()))
            : text;
    }

    // Not through the console's stream: while one of its writes waits, for a pipe that nobody reads, its lock stops all output of the
    // process.
    private void Write(ReadOnlySpan<byte> line)
    {
        if (s_descriptor is not null)
        {
            LinuxNative.WriteAll(s_descriptor, line);
        }
        else
        {
            _stream!.Write(line);
        }
    }
}
