using System.Collections.Immutable;

namespace Ryuso.Testing;

public sealed partial class ProgramTest<TWorld, TOrchestrator>
{
    /// <summary>Runs the program once in a fresh world, with faults if any, and checks what must hold.</summary>
    /// <param name="faults">What hooks do instead of their work, or after it.</param>
    /// <returns>The run, for what is asked of it besides. Dispose of it: its world goes with it.</returns>
    /// <exception cref="ProgramTestException">Something does not hold, or a fault was never reached.</exception>
    public async Task<ProgramRun<TWorld>> RunAsync(params Fault[] faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        Case test = faults.Length == 0 ? Case.Plain : new Case(string.Join(" and ", faults.Select(f => f.ToString())))
        {
            Faults = [.. faults],
            IsJournaled = Array.Exists(faults, f => f.Kind == FaultKind.Crash),
        };
        return new ProgramRun<TWorld>(await RightAsync("Run", test).ConfigureAwait(false));
    }

    /// <summary>
    /// Lets each step fail in turn, and at last the program after its last step: dependencies and the steps of nested programs are steps too.
    /// A hook with <c>rectify_self</c> fails before its work and after it. Checks that each run is undone and not stuck, and what must hold.
    /// </summary>
    /// <returns>How many cases there were.</returns>
    /// <exception cref="ProgramTestException">Tells all cases that went wrong.</exception>
    public Task<int> FailEachStepAsync() => EachAsync("FailEachStep", Failures);

    /// <summary>
    /// Does each step twice in turn, as a retry does whose first try did its work and lost its answer.
    /// Checks that the run ends as it does without, with the same outputs, and what must hold. Only steps whose hook has <c>retry</c> are ever done twice in production.
    /// </summary>
    /// <param name="onlyWithRetry">Whether hooks without <c>retry</c> are left out.</param>
    /// <returns>How many cases there were.</returns>
    /// <exception cref="ProgramTestException">Tells all cases that went wrong.</exception>
    public Task<int> RepeatEachStepAsync(bool onlyWithRetry = false) => EachAsync(
        "RepeatEachStep",
        plain => plain.Forward.Where(step => step.Outcome is null && (!onlyWithRetry || plain.HookOf(step).Attempts > 1))
            .Select(step => new Case($"{plain.NameOf(step)} is done twice") { Faults = [Fault.Repeat(step.Hook).At(step.Id)] }),
        (plain, run) => _checker.FindDifferenceAsync(plain, run, () => RightAsync("RepeatEachStep", Case.Plain)));

    /// <summary>
    /// As <see cref="FailEachStepAsync"/>, with every rectifier done twice, as one is that the process did not survive, or that is tried again:
    /// undoing twice must be undoing once.
    /// </summary>
    /// <returns>How many cases there were in which something was undone.</returns>
    /// <exception cref="ProgramTestException">Tells all cases that went wrong.</exception>
    public Task<int> RepeatEachRectifierAsync() => EachAsync(
        "RepeatEachRectifier",
        plain => Failures(plain).Select(test => test with { Name = test.Name + " and each rectifier is done twice", Faults = test.Faults.Add(Fault.RepeatRectifiers) }),
        counts: run => run.Log.Steps.Any(step => step.IsRectifying));

    /// <summary>
    /// Ends the process at every moment, with a journal: before and after each hook, and before and after each commit, whichever events that waited for it were kept.
    /// A new orchestrator over the same world recovers the run; checks what must hold, and that the run has exactly one outcome. Rectifiers meet here what they meet in production:
    /// steps in doubt, which may never have happened.
    /// </summary>
    /// <param name="twice">Whether the process also ends at every moment of each recovery.</param>
    /// <returns>How many cases there were. Ends that leave everything as another did are one case.</returns>
    /// <exception cref="ProgramTestException">Tells all cases that went wrong.</exception>
    public async Task<int> CrashAtEachPointAsync(bool twice = true)
    {
        CaseRun<TWorld> plain = await PlainAsync("CrashAtEachPoint").ConfigureAwait(false);
        await plain.DisposeAsync().ConfigureAwait(false);
        var explorer = new CrashExplorer<TWorld, TOrchestrator>(_runner, _checker);
        await explorer.ExploreAsync(twice ? 2 : 1).ConfigureAwait(false);
        ThrowIfAny("CrashAtEachPoint", plain, explorer.Violations, explorer.Count);
        return explorer.Count;
    }

    private static IEnumerable<Case> Failures(CaseRun<TWorld> plain)
    {
        foreach (RunStep step in plain.Forward)
        {
            Fault fails = Fault.Fail(step.Hook).At(step.Id);
            yield return new Case($"{plain.NameOf(step)} fails") { Faults = [fails] };
            if (plain.HookOf(step).RectifySelf && step.Outcome is null)
            {
                yield return new Case($"{plain.NameOf(step)} fails after its work") { Faults = [fails.AfterCompletion] };
            }
        }

        if (plain.Result.IsSuccess)
        {
            yield return new Case("the program fails after its last step") { FailsAtItsEnd = true };
        }
    }

    private async Task<int> EachAsync(
        string verb,
        Func<CaseRun<TWorld>, IEnumerable<Case>> cases,
        Func<CaseRun<TWorld>, CaseRun<TWorld>, Task<string?>>? must = null,
        Func<CaseRun<TWorld>, bool>? counts = null)
    {
        CaseRun<TWorld> plain = await PlainAsync(verb).ConfigureAwait(false);
        await using (plain.ConfigureAwait(false))
        {
            List<string> violations = [];
            int count = 0;
            foreach (Case test in cases(plain))
            {
                CaseRun<TWorld> run = await _runner.RunAsync(test).ConfigureAwait(false);
                await using (run.ConfigureAwait(false))
                {
                    string? broken = must is null || run.IsAbandoned is not null ? null : await must(plain, run).ConfigureAwait(false);
                    string? violation = await _checker.FindViolationAsync(run, broken).ConfigureAwait(false);
                    if (violation is not null)
                    {
                        violations.Add(violation);
                    }

                    count += violation is not null || counts is null || counts(run) ? 1 : 0;
                }
            }

            ThrowIfAny(verb, plain, violations, count);
            return count;
        }
    }

    /// <summary>The run to which nothing is done: its steps are what there is to test.</summary>
    private async Task<CaseRun<TWorld>> PlainAsync(string verb)
    {
        CaseRun<TWorld> plain = await RightAsync(verb, Case.Plain).ConfigureAwait(false);
        return plain.Log.Program is not null ? plain
            : throw new ProgramTestException($"{verb} has nothing to do: {(plain.Result.IsRejected ? "the program was rejected: " + plain.Result.Error : "the program ran no hook.")}");
    }

    /// <summary>Runs one case that must go right.</summary>
    private async Task<CaseRun<TWorld>> RightAsync(string verb, Case test)
    {
        if (_setup.Call is null)
        {
            throw new InvalidOperationException("Say first which program to test: ProgramTest.Of(…).Program(…).");
        }

        CaseRun<TWorld> run = await _runner.RunAsync(test).ConfigureAwait(false);
        if (await _checker.FindViolationAsync(run).ConfigureAwait(false) is { } violation)
        {
            await run.DisposeAsync().ConfigureAwait(false);
            ThrowIfAny(verb, run, [violation], 1);
        }

        return run;
    }

    private static void ThrowIfAny(string verb, CaseRun<TWorld> plain, List<string> violations, int count)
    {
        if (violations.Count > 0)
        {
            throw new ProgramTestException($"{verb} of '{plain.Log.Program ?? "a program that ran no hook"}': {violations.Count} of {count} cases went wrong.", violations);
        }
    }
}
