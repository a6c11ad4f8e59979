using System.Collections.Immutable;

namespace Ryuso.Testing;

/// <summary>Gives one life of a process its world and its orchestrator.</summary>
/// <param name="world">The world of the life before; null in the first, which gets a fresh one.</param>
internal delegate Task<(TWorld World, TOrchestrator Orchestrator)> Live<TWorld, TOrchestrator>(TWorld? world)
    where TWorld : class;

/// <summary>What a user has said of a test.</summary>
internal sealed record Setup<TWorld, TOrchestrator>(Live<TWorld, TOrchestrator> Live)
    where TWorld : class
{
    public Func<TOrchestrator, Task<ProgramResult>>? Call { get; init; }

    public ImmutableArray<Func<TWorld, ProgramResult, Task>> Invariants { get; init; } = [];

    /// <summary>Outputs that differ from run to run.</summary>
    public ImmutableHashSet<string> Varying { get; init; } = [];

    public bool MayBeStuck { get; init; }

    /// <summary>How long one case may take by the clock on the wall.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(30);
}
