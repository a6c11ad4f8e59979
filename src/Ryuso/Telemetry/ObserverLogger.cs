using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ryuso.Telemetry;

/// <summary>
/// The engine's way to a logger: it never throws. The server's and its runs' never waits either: what is logged is delivered by a
/// <see cref="LogDispatcher"/>. The client's calls the logger at once, since only its own caller could be kept waiting.
/// </summary>
internal sealed class ObserverLogger : ILogger
{
    private readonly ILogger _logger;
    private readonly LogDispatcher? _dispatcher;

    private ObserverLogger(ILogger logger, LogDispatcher? dispatcher)
    {
        _logger = logger;
        _dispatcher = dispatcher;
    }

    /// <summary>For the server and its runs.</summary>
    /// <param name="logger">The user's logger; null for none.</param>
    public static ILogger Deferred(ILogger? logger) => logger switch
    {
        null or NullLogger => NullLogger.Instance,
        ObserverLogger { _dispatcher: not null } => logger,
        _ => new ObserverLogger(logger, LogDispatcher.Of(logger)),
    };

    /// <summary>For the client.</summary>
    /// <param name="logger">The user's logger.</param>
    public static ILogger Immediate(ILogger logger) => logger is NullLogger or ObserverLogger ? logger : new ObserverLogger(logger, dispatcher: null);

    /// <summary>Delivers what has been logged, where the logger takes it in time.</summary>
    public static void Flush(ILogger logger, TimeSpan limit) => (logger as ObserverLogger)?._dispatcher?.Flush(limit);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return _logger.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // A logger that throws logs nothing, and the run goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (_dispatcher is null)
        {
            try
            {
                _logger.Log(logLevel, eventId, state, exception, formatter);
            }
#pragma warning disable CA1031 // A logger that throws costs its entry and nothing else.
            catch (Exception)
#pragma warning restore CA1031
            {
                Instruments.CountDroppedLogEntry();
            }
        }
        else if (_dispatcher.HasRoom(logLevel))
        {
            _dispatcher.Post(new Entry<TState>(logLevel, eventId, state, exception, formatter, Activity.Current));
        }
    }

    private sealed class Entry<TState>(
        LogLevel level,
        EventId id,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter,
        Activity? activity) : LogDispatcher.Entry
    {
        public override void Write(ILogger logger)
        {
            // Providers that add the trace's id to a line read it from here.
            Activity.Current = activity;
            logger.Log(level, id, state, exception, formatter);
        }
    }
}
