using System.Text.Json.Nodes;

namespace Ryuso.Testing;

/// <summary>Begins the test of a program: says how to make a fresh world and the orchestrator over it.</summary>
public static class ProgramTest
{
    /// <summary>The test of a program whose world is a database, a folder, a service provider: whatever outlives the process.</summary>
    /// <typeparam name="TWorld">Everything that outlives the process. Disposed of after each case where it can be.</typeparam>
    /// <typeparam name="TOrchestrator">The generated orchestrator.</typeparam>
    /// <param name="world">Makes a fresh world; called for each case.</param>
    /// <param name="orchestrator">Makes the orchestrator over a world; called for each case, and again after each crash. Give it no journal.</param>
    public static ProgramTest<TWorld, TOrchestrator> Of<TWorld, TOrchestrator>(Func<TWorld> world, Func<TWorld, TOrchestrator> orchestrator)
        where TWorld : class
        where TOrchestrator : Orchestrator
    {
        ArgumentNullException.ThrowIfNull(world);
        return Of(() => Task.FromResult(world()), orchestrator);
    }

    /// <inheritdoc cref="Of{TWorld, TOrchestrator}(Func{TWorld}, Func{TWorld, TOrchestrator})"/>
    public static ProgramTest<TWorld, TOrchestrator> Of<TWorld, TOrchestrator>(Func<Task<TWorld>> world, Func<TWorld, TOrchestrator> orchestrator)
        where TWorld : class
        where TOrchestrator : Orchestrator
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(orchestrator);
        return new(new(async former =>
        {
            TWorld current = former ?? await world().ConfigureAwait(false);
            return (current, orchestrator(current));
        }));
    }

    /// <summary>The test of a program whose hooks keep everything in memory, so that a crash loses it: the world is the orchestrator itself.</summary>
    /// <typeparam name="TOrchestrator">The generated orchestrator.</typeparam>
    /// <param name="orchestrator">Makes the orchestrator; called for each case, and again after each crash.</param>
    public static ProgramTest<TOrchestrator, TOrchestrator> Of<TOrchestrator>(Func<TOrchestrator> orchestrator)
        where TOrchestrator : Orchestrator
    {
        ArgumentNullException.ThrowIfNull(orchestrator);
        return new(new(_ =>
        {
            TOrchestrator made = orchestrator();
            return Task.FromResult((made, made));
        }));
    }
}

/// <summary>The test of one program. Immutable: each method that says more gives another test, so that one can be the beginning of many.</summary>
/// <typeparam name="TWorld">Everything that outlives the process.</typeparam>
/// <typeparam name="TOrchestrator">The generated orchestrator.</typeparam>
public sealed partial class ProgramTest<TWorld, TOrchestrator>
    where TWorld : class
    where TOrchestrator : Orchestrator
{
    private readonly ProgramTestSetup<TWorld, TOrchestrator> _setup;

    private readonly CaseRunner<TWorld, TOrchestrator> _runner;
    private readonly InvariantChecker<TWorld, TOrchestrator> _checker;

    internal ProgramTest(ProgramTestSetup<TWorld, TOrchestrator> setup)
    {
        _setup = setup;
        _runner = new(setup);
        _checker = new(setup);
    }

    /// <summary>Which program runs, and with what: one call of the orchestrator.</summary>
    /// <typeparam name="TOutputs">The program's outputs record.</typeparam>
    /// <param name="call">The call, as <c>wallet => wallet.TransferAsync(new("alice", "bob", 700))</c>.</param>
    public ProgramTest<TWorld, TOrchestrator> Program<TOutputs>(Func<TOrchestrator, Task<ProgramResult<TOutputs>>> call)
        where TOutputs : class
    {
        ArgumentNullException.ThrowIfNull(call);
        return new(_setup with { Call = async orchestrator => await call(orchestrator).ConfigureAwait(false) });
    }

    /// <summary>Which program runs, and with what: one call of the orchestrator.</summary>
    /// <param name="call">The call, as <c>wallet => wallet.RunAsync("transfer", pool)</c>.</param>
    public ProgramTest<TWorld, TOrchestrator> Program(Func<TOrchestrator, Task<ProgramResult>> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return new(_setup with { Call = call });
    }

    /// <summary>Which program runs, and with what.</summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool; null for an empty one.</param>
    /// <param name="metadata">Becomes magic variables; null for none.</param>
    public ProgramTest<TWorld, TOrchestrator> Program(string program, JsonObject? dataPool = null, JsonObject? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        return Program(orchestrator => orchestrator.RunAsync(program, dataPool, metadata));
    }

    /// <summary>What must hold after every run, however it ended: throw where it does not, by your test framework's assertions for example. May be said several times.</summary>
    /// <param name="invariant">Looks at the world and at how the run ended.</param>
    public ProgramTest<TWorld, TOrchestrator> Invariant(Action<TWorld, ProgramResult> invariant)
    {
        ArgumentNullException.ThrowIfNull(invariant);
        return Invariant((world, result) =>
        {
            invariant(world, result);
            return Task.CompletedTask;
        });
    }

    /// <inheritdoc cref="Invariant(Action{TWorld, ProgramResult})"/>
    public ProgramTest<TWorld, TOrchestrator> Invariant(Func<TWorld, ProgramResult, Task> invariant)
    {
        ArgumentNullException.ThrowIfNull(invariant);
        return new(_setup with { Invariants = _setup.Invariants.Add(invariant) });
    }

    /// <summary>Outputs that are others in every run, so that repetition is not held to them. Names and times need not be named: what differs in another plain run is no fault.</summary>
    /// <param name="outputs">The outputs' names.</param>
    public ProgramTest<TWorld, TOrchestrator> AllowVaryingOutputs(params string[] outputs) => new(_setup with { VaryingOutputs = _setup.VaryingOutputs.Union(outputs) });

    /// <summary>A stuck run is no violation by itself; what must hold must hold all the same.</summary>
    public ProgramTest<TWorld, TOrchestrator> AllowStuck() => new(_setup with { IsStuckAllowed = true });

    /// <summary>How long one case may take; 30 seconds unless said.</summary>
    /// <param name="limit">By the clock on the wall.</param>
    public ProgramTest<TWorld, TOrchestrator> WithTimeout(TimeSpan limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        return new(_setup with { Timeout = limit });
    }
}
