using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Values;

namespace Ryuso.Testing;

/// <summary>Runs cases: each in a fresh world, life after life of its process, until one life comes to its end.</summary>
internal sealed class CaseRunner<TWorld, TOrchestrator>(ProgramTestSetup<TWorld, TOrchestrator> setup)
    where TWorld : class
    where TOrchestrator : Orchestrator
{
    public async Task<CaseRun<TWorld>> RunAsync(Case test)
    {
        var log = new CaseLog(test);
        var run = new CaseRun<TWorld>(test, log, new Disk([]));
        for (int life = 0; ; life++)
        {
            (TWorld world, TOrchestrator orchestrator) = await setup.Start(run.World).ConfigureAwait(false);
            (run.World, run.Spec) = (world, orchestrator.Definition);
            if (Missing(test, orchestrator.Definition) is { } missing)
            {
                await run.DisposeAsync().ConfigureAwait(false);
                throw new ProgramTestException(missing);
            }

            CrashPoint? point = life < test.Crashes.Length ? test.Crashes[life] : null;
            var crash = new Crash(point?.Moment);
            orchestrator.UseInterceptor(new FaultInjector(test, log, crash));
            MemoryJournal? journal = test.IsJournaled ? new MemoryJournal(run.Disk, crash) : null;
            bool isFirst = life == 0;

            // On a thread of its own, so that a hook that blocks costs the case and not the test run.
            Task work = Task.Run(async () =>
            {
                if (journal is not null)
                {
                    await orchestrator.UseJournalAsync(journal).ConfigureAwait(false);
                    await orchestrator.WaitForRecoveryAsync().ConfigureAwait(false);
                }

                if (isFirst)
                {
                    run.Answer = await setup.Call!(orchestrator).ConfigureAwait(false);
                }
            });
            if (!await EndsAsync(work, crash, run).ConfigureAwait(false))
            {
                return run;
            }

            if (!crash.HasHappened)
            {
                log.IsOver = true;
                run.Result = run.Answer ?? Recorded(run.Disk);
                return run;
            }

            run.Buffered = journal!.Buffered.Count;
            run.Disk.Events.AddRange(journal.Buffered.Take(point?.Kept ?? 0));
            run.State = run.StateNow();
            log.Crashes.Add(crash.Where + (point is { Kept: > 0 } ? $", of whose waiting events {point.Value.Kept} were kept" : ""));
        }
    }

    /// <summary>Waits for the end of a life; false where it comes to none.</summary>
    private async Task<bool> EndsAsync(Task work, Crash crash, CaseRun<TWorld> run)
    {
        try
        {
            await (await Task.WhenAny(work, crash.Happened).WaitAsync(setup.Timeout).ConfigureAwait(false)).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException) when (!work.IsCompleted)
        {
            run.IsAbandoned = $"It did not end within {setup.Timeout.TotalSeconds:0.#} seconds; {run.Log.Running ?? "no hook"} was running.";
        }
#pragma warning disable CA1031 // Whatever the call throws is told as what went wrong with its case.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.IsAbandoned = $"The call threw {exception.GetType().Name}: {exception.Message}";
        }

        return false;
    }

    /// <summary>What the journal says of the run; a run that it does not know never was.</summary>
    private static ProgramResult Recorded(Disk disk) => Disk.Runs(disk.Events).FirstOrDefault()?.Answer is { } answer
        ? new ProgramResult((JsonObject)JsonNode.Parse(answer)!)
        : CaseRun<TWorld>.Lost;

    /// <summary>Which hook of a fault the spec does not have, in words; null where it has them all.</summary>
    private static string? Missing(Case test, SpecDefinition spec) =>
        test.Faults.FirstOrDefault(f => !f.IsAtRectifiers && !Array.Exists(spec.Hooks, h => h.Reference == f.Hook)) is { } fault
            ? $"The spec has no hook '{fault.Hook}'. {NearestName.Suggest(fault.Hook, spec.Hooks.Select(h => h.Reference))}"
            : null;
}
