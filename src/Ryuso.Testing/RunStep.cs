namespace Ryuso.Testing;

/// <summary>One call of one hook in a tested run.</summary>
/// <param name="Id">Which step of the run: its position on the plan, on the way back <c>position/rectifier/inner position</c>.</param>
/// <param name="Hook">The hook's reference string, <c>hooks.NAME</c>.</param>
/// <param name="Attempt">Which try, from 1.</param>
/// <param name="InDoubt">Whether it is a rectifier of a step that may never have happened.</param>
/// <param name="Outcome">How it ended: null for well, otherwise why not, in words.</param>
public sealed record RunStep(string Id, string Hook, int Attempt, bool InDoubt, string? Outcome)
{
    internal const string NeverRan = "the process ended before it ran";
    internal const string Unrecorded = "the process ended before that was recorded";

    /// <summary>Whether it ran on the way back.</summary>
    public bool IsRectifying => Id.Contains('/', StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Hook["hooks.".Length..]}{(Attempt > 1 ? $" (try {Attempt})" : "")}{(InDoubt ? " (in doubt)" : "")}{(Outcome is null ? "" : $" ({Outcome})")}";
}
