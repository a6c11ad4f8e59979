using System.Collections.Immutable;
using Ryuso.Definitions;

namespace Ryuso.Testing;

/// <summary>What is done to one run in a fresh world.</summary>
/// <param name="Name">In words.</param>
internal sealed record Case(string Name)
{
    public static Case Plain { get; } = new("nothing goes wrong");

    public ImmutableArray<Fault> Faults { get; init; } = [];

    /// <summary>The moments at which the process ends: one in its first life, one in its second, …</summary>
    public ImmutableArray<CrashPoint> Crashes { get; init; } = [];

    public bool IsJournaled { get; init; }

    /// <summary>Whether the program fails after its last step, as one does whose outputs are missing.</summary>
    public bool FailsAtItsEnd { get; init; }

    /// <summary>The spec with what the case needs to be otherwise: no waits between tries, and the end at which programs may fail.</summary>
    public SpecDefinition ApplyTo(SpecDefinition spec)
    {
        HookDefinition[] hooks = [.. spec.Hooks.Select(h => h with { RetryDelayMs = 0 })];
        return FailsAtItsEnd
            ? spec with
            {
                Hooks = [.. hooks, .. spec.Programs.Select(p => new HookDefinition("programs." + p.Name, [], []))],
                Programs = [.. spec.Programs.Select((p, i) => p with { Plan = [.. p.Plan, new PlanOp(PlanOpKind.InvokeHook, hooks.Length + i, IsDependency: false)] })],
            }
            : spec with { Hooks = hooks };
    }
}

/// <summary>When a life of the process ends, and what the journal had kept then.</summary>
/// <param name="Moment">The n-th at which somebody asks.</param>
/// <param name="Kept">How many of the events that were not flushed yet are durable all the same.</param>
internal readonly record struct CrashPoint(int Moment, int Kept);
