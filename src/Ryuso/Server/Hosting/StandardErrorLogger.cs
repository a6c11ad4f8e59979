using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Hosting;

/// <summary>Logs to the standard error stream, one line an event, so that the package needs no logging provider.</summary>
internal sealed class StandardErrorLogger(TimeProvider time) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("Set LoggerFactory to log elsewhere than to the standard error stream.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string message = formatter(state, exception);
        string line = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {logLevel} {message}");
        Console.Error.WriteLine((exception is null ? line : $"{line} {exception}").ReplaceLineEndings(" "));
    }

    public void Dispose()
    {
    }
}
