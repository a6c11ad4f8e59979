using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;
using Ryuso.TestKit;
using Ryuso.Tests.Running;

namespace Ryuso.Tests.Telemetry;

/// <summary>Loggers, spans and meters observe a run. Whatever they do, the run ends as it would without them.</summary>
public sealed class BrokenObserverTests
{
    private const string Spec = """
        {"name":"Two","programs":{"two":{"hooks":["hooks.a","hooks.b"],"args":{"fails":{"type":"bool","required":false}},"outputs":{}}},
         "hooks":{"a":{"reference":"two.h.a","args":{},"rectifiers":["hooks.undo_a"]},"undo_a":{"reference":"two.h.undo_a","args":{}},
                  "b":{"reference":"two.h.b","args":{}}}}
        """;

    private readonly List<string> _calls = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> BrokenLoggers => ["IsEnabled", "Log", "Both"];

    [Theory]
    [MemberData(nameof(BrokenLoggers))]
    public async Task Logger_that_throws_changes_no_outcome(string member)
    {
        var logger = new BrokenLogger(member != "Log", member != "IsEnabled");
        await AssertBothOutcomesAsync(logger);
    }

    [Fact]
    public async Task Listeners_that_throw_change_no_outcome()
    {
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Ryuso",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = _ => throw new InvalidOperationException("started"),
            ActivityStopped = _ => throw new InvalidOperationException("stopped"),
        };
        ActivitySource.AddActivityListener(activities);
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Ryuso")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("long"));
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("double"));
        meters.Start();
        await AssertBothOutcomesAsync(logger: null);
    }

    [Fact]
    public async Task Logger_that_blocks_delays_no_run_and_its_lost_entries_are_counted()
    {
        using var logger = new BlockedLogger();
        SpecOrchestrator orchestrator = Orchestrator(logger);
        int runs = LogDispatcher.MaxQueuedDetails + 100;
        for (int i = 0; i < runs; i++)
        {
            Assert.True((await orchestrator.RunAsync("two", cancellationToken: Cancel)).IsSuccess);
        }

        LogDispatcher dispatcher = LogDispatcher.Of(logger);
        Assert.True(dispatcher.Dropped >= 99, $"{dispatcher.Dropped}");
        logger.Release();
        await logger.DropsReported.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancel);
        Assert.Equal(runs, logger.Entries + dispatcher.Dropped);
    }

    [Fact]
    public async Task In_process_the_log_of_a_run_is_there_when_its_result_is()
    {
        var lines = new List<string>();
        SpecOrchestrator orchestrator = Orchestrator(new ListLogger(lines));
        for (int i = 1; i <= 1000; i++)
        {
            await orchestrator.RunAsync("two", cancellationToken: Cancel);
            Assert.Equal(i, lines.Count);
        }
    }

    private SpecOrchestrator Orchestrator(ILogger? logger) => SpecOrchestrator.Of(
        Spec,
        (hook, pool, _) =>
        {
            _calls.Add(hook);
            return new ValueTask<HookResult>(hook == "b" && pool["fails"] is not null ? throw new InvalidOperationException("b") : HookResult.Ok);
        },
        logger);

    private async Task AssertBothOutcomesAsync(ILogger? logger)
    {
        SpecOrchestrator orchestrator = Orchestrator(logger);
        Assert.True((await orchestrator.RunAsync("two", cancellationToken: Cancel)).IsSuccess);
        Assert.Equal(["a", "b"], _calls);
        _calls.Clear();
        ProgramResult failed = await orchestrator.RunAsync("two", new JsonObject { ["fails"] = true }, cancellationToken: Cancel);
        Assert.Equal(["a", "b", "undo_a"], _calls);
        Assert.Equal("""["hooks.a"]""", failed.Answer["_rectified"]!.ToJsonString());
        Assert.True((await orchestrator.RunAsync("no_such", cancellationToken: Cancel)).IsRejected);
    }

    private sealed class BrokenLogger(bool atIsEnabled, bool atLog) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new InvalidOperationException("scope");

        public bool IsEnabled(LogLevel logLevel) => atIsEnabled ? throw new InvalidOperationException("enabled") : true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (atLog)
            {
                throw new InvalidOperationException("log");
            }
        }
    }

    private sealed class ListLogger(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }

    private sealed class BlockedLogger : ILogger, IDisposable
    {
        private readonly ManualResetEventSlim _released = new();
        private long _entries;

        public TaskCompletionSource DropsReported { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Entries => Interlocked.Read(ref _entries);

        public void Release() => _released.Set();

        public void Dispose() => _released.Dispose();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == "EntriesDropped")
            {
                DropsReported.TrySetResult();
                return;
            }

            _released.Wait();
            Interlocked.Increment(ref _entries);
        }
    }
}
