using Microsoft.Extensions.Logging;
using Ryuso;
using Ryuso.Definitions;

// A server in a process of its own, for tests that stop it. Prints where it listens, and at its end what it has done.
bool logsToStandardError = Environment.GetEnvironmentVariable("RYUSO_TEST_LOG") is not null;
int exitCode = RyusoServer.Run<CountingOrchestrator>(args, options =>
{
    options.LoggerFactory = logsToStandardError ? null : new ListeningLog();
    options.Started = logsToStandardError ? endPoint => Console.WriteLine($"Listening on {endPoint}") : null;
});
if (exitCode == 0)
{
    Console.WriteLine($"applied {CountingOrchestrator.Applied}");
}

return exitCode;

/// <summary>One program that adds one to a sum. With <c>slow</c> it takes a while.</summary>
internal sealed class CountingOrchestrator(ILogger? logger) : Orchestrator(new SpecDefinition(
    "Counting",
    null,
    ["slow"],
    [new HookDefinition("hooks.add", [new ArgDefinition(0, "slow", SpecType.Bool, Required: false)], [])],
    [new ProgramDefinition("add", null, [new ArgDefinition(0, "slow", SpecType.Bool, Required: false)], [], [new(PlanOpKind.EnterHook, 0, false), new(PlanOpKind.InvokeHook, 0, false)])]), logger), IOrchestratorFactory<CountingOrchestrator>
{
    public static int Applied { get; private set; }

    public static CountingOrchestrator Create(IServiceProvider? services, ILogger? logger, TimeProvider? timeProvider) => new(logger);

    protected override DataPool CreatePool() => new Pool();

    protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context)
    {
        Applied++;
        return pool["slow"] is null ? default : WaitAsync();
    }

    private static async ValueTask<HookResult> WaitAsync()
    {
        await Task.Delay(300);
        return HookResult.Ok;
    }

    private sealed class Pool : DataPool;
}

/// <summary>Prints the one event that says where the server listens, and errors.</summary>
internal sealed class ListeningLog : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name == "Listening")
        {
            Console.WriteLine(formatter(state, exception));
        }
        else if (logLevel >= LogLevel.Error)
        {
            Console.Error.WriteLine($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
