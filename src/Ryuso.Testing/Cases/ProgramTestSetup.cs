using System.Collections.Immutable;

namespace Ryuso.Testing;

/// <summary>Gives one life of a process its world and its orchestrator.</summary>
/// <param name="world">The world of the life before; null in the first, which gets a fresh one.</param>
internal delegate Task<(TWorld World, TOrchestrator Orchestrator)> StartProgram<TWorld, TOrchestrator>(TWorld? world)
    where TWorld : class;

/// <summary>What a user has said of a test.</summary>
internal sealed record ProgramTestSetup<TWorld, TOrchestrator>(StartProgram<TWorld, TOrchestrator> Start)
    where TWorld : class
{
    public Func<TOrchestrator, Task<ProgramResult>>? Call { get; init; }

    public ImmutableArray<Func<TWorld, ProgramResult, Task>> Invariants { get; init; } = [];

    /// <summary>Outputs that differ from run to run.</summary>
    public ImmutableHashSet<string> VaryingOutputs { get; init; } = [];

    public bool IsStuckAllowed { get; init; }

    /// <summary>How long one case may take by the clock on the wall.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
