using System.Text.Json.Nodes;

namespace Ryuso.Testing;

/// <summary>Holds a run to what must be true of it.</summary>
internal sealed class InvariantChecker<TWorld, TOrchestrator>(ProgramTestSetup<TWorld, TOrchestrator> setup)
    where TWorld : class
{
    /// <summary>What is wrong with a run, with its story; null where nothing is.</summary>
    /// <param name="run">The run.</param>
    /// <param name="must">What must be true of it besides: null where that is.</param>
    public async Task<string?> FindViolationAsync(CaseRun<TWorld> run, string? must = null)
    {
        List<string> problems = [.. Outcome(run)];
        if (must is not null)
        {
            problems.Add(must);
        }

        if (run.IsAbandoned is null)
        {
            foreach (Func<TWorld, ProgramResult, Task> invariant in setup.Invariants)
            {
                if (await FindBreachAsync(invariant, run).ConfigureAwait(false) is { } breach)
                {
                    problems.Add(breach);
                }
            }
        }

        string name = run.Log.Crashes.Count > 0 ? "The process ends " + string.Join("; the next one ends ", run.Log.Crashes) : Sentence(run.Case.Name);
        return problems.Count == 0 ? null : $"{name}.{string.Concat(problems.Select(p => "\n      " + p.ReplaceLineEndings("\n      ")))}{run.Describe()}";
    }

    /// <summary>How a run differs from one to which nothing was done; null where it does not.</summary>
    /// <param name="plain">The run to which nothing was done.</param>
    /// <param name="run">The run.</param>
    /// <param name="later">Makes another run to which nothing is done: what differs in it, too, is no fault of the run's. By then a time has gone on at least as far.</param>
    public async Task<string?> FindDifferenceAsync(CaseRun<TWorld> plain, CaseRun<TWorld> run, Func<Task<CaseRun<TWorld>>> later)
    {
        if (plain.Result.IsSuccess != run.Result.IsSuccess)
        {
            return plain.Result.IsSuccess ? "Done once, the run succeeds; done again, it does not." : "Done once, the run fails; done again, it does not.";
        }

        string[] differing = run.Result.IsSuccess ? [.. Differing(plain, run).Where(output => !setup.VaryingOutputs.Contains(output))] : [];
        if (differing.Length == 0)
        {
            return null;
        }

        CaseRun<TWorld> another = await later().ConfigureAwait(false);
        await using (another.ConfigureAwait(false))
        {
            differing = [.. differing.Except(Differing(plain, another))];
        }

        return differing.Length == 0 ? null
            : string.Join("\n", differing.Select(o => $"The output '{o}' is {Text(run, o)}, and without repetition {Text(plain, o)}. If it is another in every run, say so with Varying(\"{o}\")."));
    }

    private static IEnumerable<string> Differing(CaseRun<TWorld> a, CaseRun<TWorld> b) => a.Result.Answer.Concat(b.Result.Answer)
        .Select(output => output.Key).Distinct().Where(output => !JsonNode.DeepEquals(a.Result.Answer[output], b.Result.Answer[output]));

    private IEnumerable<string> Outcome(CaseRun<TWorld> run)
    {
        if (run.IsAbandoned is not null)
        {
            yield return run.IsAbandoned;
            yield break;
        }

        foreach (string problem in run.Log.Problems)
        {
            yield return problem;
        }

        if (run.Log.Runs > 1)
        {
            yield return $"The call ran {run.Log.Runs} programs; a test is of one.";
        }

        if (run.Result.IsStuck && !setup.IsStuckAllowed)
        {
            string left = string.Join(", ", run.Result.Answer["_unrectified"]!.AsArray().Select(r => (string?)r));
            yield return $"The run is stuck; not undone: {(left.Length > 0 ? left : "nothing but the last")}.";
        }

        foreach (JournaledRun recorded in Disk.Runs(run.Disk.Events))
        {
            int outcomes = recorded.Events.Count(e => e.Kind == JournalEventKind.RunFinished);
            if (outcomes != 1)
            {
                yield return $"The run has {outcomes} recorded outcomes, not one.";
            }
            else if (run.Answer is not null && !JsonNode.DeepEquals(run.Answer.Answer, JsonNode.Parse(recorded.Answer!)))
            {
                yield return $"The caller got {run.Answer.Answer.ToJsonString()} and {recorded.Answer} is recorded.";
            }
        }
    }

    private static async Task<string?> FindBreachAsync(Func<TWorld, ProgramResult, Task> invariant, CaseRun<TWorld> run)
    {
        try
        {
            await invariant(run.World!, run.Result).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // Every test framework has exceptions of its own for what does not hold.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return "Does not hold: " + exception.Message;
        }
    }

    private static string Text(CaseRun<TWorld> run, string output) => run.Result.Answer[output]?.ToJsonString() ?? "absent";

    private static string Sentence(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
