namespace Ryuso.Testing;

public sealed partial class ProgramTest<TWorld, TOrchestrator>
{
    private const int MaxInterleavings = 10_000;

    /// <summary>
    /// Runs two calls at the same time, in every order of their steps, whichever comes first, and once more with each step of each failing.
    /// Checks that the two end as they do one after the other, in the order of arrival where they share a key, and what must hold: so a key that
    /// is declared too narrow is found. Needs no <c>Program</c>.
    /// </summary>
    /// <typeparam name="TFirst">The outputs record of the first call's program.</typeparam>
    /// <typeparam name="TSecond">That of the second's.</typeparam>
    /// <param name="first">The first call.</param>
    /// <param name="second">The second call.</param>
    /// <param name="maxCases">How many orders of steps there may be: two programs of n and m steps have (n + m)! / (n! m!), each time one step fails.</param>
    /// <returns>How many orders of steps there were.</returns>
    /// <exception cref="ProgramTestException">Tells all orders of steps that went wrong, or that there are more than allowed.</exception>
    public Task<int> InterleaveAsync<TFirst, TSecond>(
        Func<TOrchestrator, Task<ProgramResult<TFirst>>> first,
        Func<TOrchestrator, Task<ProgramResult<TSecond>>> second,
        int maxCases = MaxInterleavings)
        where TFirst : class
        where TSecond : class
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return InterleaveAsync(
            async orchestrator => (ProgramResult)await first(orchestrator).ConfigureAwait(false),
            async orchestrator => (ProgramResult)await second(orchestrator).ConfigureAwait(false),
            maxCases);
    }

    /// <inheritdoc cref="InterleaveAsync{TFirst, TSecond}"/>
    public async Task<int> InterleaveAsync(
        Func<TOrchestrator, Task<ProgramResult>> first,
        Func<TOrchestrator, Task<ProgramResult>> second,
        int maxCases = MaxInterleavings)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCases, 1);
        var interleaver = new Interleaver<TWorld, TOrchestrator>(_setup, [first, second], maxCases);
        await interleaver.ExploreAsync().ConfigureAwait(false);
        if (interleaver.Violations.Count > 0)
        {
            throw new ProgramTestException($"Interleave: {interleaver.Violations.Count} of {interleaver.Count} orders of steps went wrong.", interleaver.Violations);
        }

        return interleaver.Count;
    }
}
