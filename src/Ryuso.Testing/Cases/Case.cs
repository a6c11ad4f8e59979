using System.Collections.Immutable;

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
}

/// <summary>When a life of the process ends, and what the journal had kept then.</summary>
/// <param name="Moment">The n-th at which somebody asks.</param>
/// <param name="Kept">How many of the events that were not flushed yet are durable all the same.</param>
internal readonly record struct CrashPoint(int Moment, int Kept);
