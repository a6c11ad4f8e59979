using System.Collections.Immutable;

namespace Ryuso.Testing;

/// <summary>Ends the process at every moment of a run, and at every moment of each recovery. States that were reached before are not entered again: what follows is the same.</summary>
internal sealed class CrashExplorer<TWorld, TOrchestrator>(CaseRunner<TWorld, TOrchestrator> runner, InvariantChecker<TWorld, TOrchestrator> judge)
    where TWorld : class
    where TOrchestrator : Orchestrator
{
    private readonly HashSet<(string State, int CrashesLeft)> _seen = [];

    public List<string> Violations { get; } = [];

    public int Count { get; private set; }

    public Task ExploreAsync(int crashes) => ExploreAsync([], crashes);

    private async Task ExploreAsync(ImmutableArray<CrashPoint> before, int crashesLeft)
    {
        for (int moment = 0; ; moment++)
        {
            for (int kept = 0, waiting = 0; kept <= waiting; kept++)
            {
                ImmutableArray<CrashPoint> points = before.Add(new CrashPoint(moment, kept));
                CaseRun<TWorld> run = await runner.RunAsync(new Case("the run is journaled") { IsJournaled = true, Crashes = points }).ConfigureAwait(false);
                await using (run.ConfigureAwait(false))
                {
                    bool isOver = run.Log.Crashes.Count <= before.Length;
                    waiting = run.Buffered;
                    if (!isOver && !_seen.Add((run.State, crashesLeft)))
                    {
                        continue;
                    }

                    Count += isOver ? 0 : 1;
                    if ((!isOver || before.IsEmpty || run.IsAbandoned is not null) && await judge.FindViolationAsync(run).ConfigureAwait(false) is { } violation)
                    {
                        Violations.Add(violation);
                    }

                    if (isOver)
                    {
                        return;
                    }
                }

                if (crashesLeft > 1)
                {
                    await ExploreAsync(points, crashesLeft - 1).ConfigureAwait(false);
                }
            }
        }
    }
}
