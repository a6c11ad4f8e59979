using Ryuso.Definitions;
using Ryuso.Recording;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>A run whose undoing ends the process every time.</summary>
internal static class DeadlyRun
{
    private const int MostLives = 12;

    /// <summary>However often the process ends in it, at last the server starts, and the run is stuck.</summary>
    public static void Check(SmallProgram program, Func<Disk, Crash, MemoryJournal> journals)
    {
        if (program.Failing < 1 || !program.IsReversible(program.Failing - 1))
        {
            return;
        }

        var disk = new Disk([]);
        SpecDefinition spec = program.Compile();
        int deaths = 0;
        ValueTask<HookResult> Deadly(string name, DataPool pool, HookContext context)
        {
            if (context.IsRectifying)
            {
                deaths++;
                return new ValueTask<HookResult>(NeverAsync());
            }

            return new(name == $"h{program.Failing}" ? HookResult.Fail("no") : HookResult.Ok);
        }

        Task first = Live(spec, Deadly, journals(disk, new Crash()), run: true);
        Broken.Unless(!first.IsCompleted, "the undoing did not end the process");
        int lives = 0;
        while (!Live(spec, Deadly, journals(disk, new Crash()), run: false).IsCompleted)
        {
            Broken.Unless(++lives < MostLives, "a run that ends the process each time is recovered for ever");
        }

        Broken.Unless(deaths == RunReplay.MaxProcessEnds, $"the process ended in it {deaths} times");
        Broken.Unless(Disk.Find(disk.Events, "run-1")!.Status == RunStatus.Stuck, "it is not stuck");
    }

    private static async Task Live(SpecDefinition spec, Hook hook, MemoryJournal journal, bool run)
    {
        var orchestrator = new SpecOrchestrator(spec, hook);
        await orchestrator.UseJournalAsync(journal);
        if (run)
        {
            await orchestrator.RunAsync("main", [], new CallOptions { RunId = "run-1" }, CancellationToken.None);
        }
    }

    private static async Task<HookResult> NeverAsync()
    {
        await new Crash().EndAsync("undoing");
        return HookResult.Ok;
    }
}
