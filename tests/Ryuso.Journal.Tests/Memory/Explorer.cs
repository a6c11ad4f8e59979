using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Recording;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>
/// Runs a small program once for each moment at which the process may end, recovers it once for each moment at which
/// the process may end again, and so on, and holds every end to what section 8 promises. Where the end is a stuck run,
/// an operator makes each of his decisions, and the process may end at each moment around it. States that were
/// reached before are not entered again: what follows is the same.
/// </summary>
internal sealed class Explorer(SmallProgram program, Func<Disk, Crash, MemoryJournal> journals, int crashes)
{
    private const string RunId = "run-1";

    private static readonly (JournalEventKind Kind, RunStatus Outcome)[] s_decisions =
    [
        (JournalEventKind.RetryRequested, RunStatus.Rectified),
        (JournalEventKind.SkipRequested, RunStatus.ResolvedWithSkips),
        (JournalEventKind.AbandonRequested, RunStatus.Abandoned),
    ];

    private readonly SpecDefinition _spec = program.Compile();
    private readonly Dictionary<string, int> _seen = [];

    /// <summary>How many lives of a process were run.</summary>
    public int Lives { get; private set; }

    public void Explore()
    {
        Live(new Disk([]), [], crashes, async (orchestrator, _) =>
        {
            ProgramResult result = await RequestAsync(orchestrator);
            return result.Answer.ToJsonString();
        });
    }

    /// <summary>One life of a process, once for each moment at which it may end; then its next life.</summary>
    private void Live(Disk disk, List<Deed> deeds, int crashesLeft, Func<SpecOrchestrator, MemoryJournal, Task<string?>> work, JournalEventKind? decision = null, bool decides = false)
    {
        for (int moment = 0; ; moment++)
        {
            var crash = new Crash(crashesLeft > 0 ? moment : null);
            var lifeDisk = new Disk(disk.Events);
            var world = new World(program, deeds);
            MemoryJournal journal = journals(lifeDisk, crash);
            Exception? broken = null;
            var orchestrator = new SpecOrchestrator(_spec, async (name, pool, context) =>
            {
                try
                {
                    return await world.RunAsync(name, pool, context, lifeDisk, crash);
                }
                catch (Broken exception)
                {
                    broken = exception;
                    throw;
                }
            }, time: StoppedClock.Instance);
            Task<string?> life = LiveAsync(orchestrator, journal, work);
            Lives++;
            if (broken is not null)
            {
                throw broken;
            }

            if (!crash.HasHappened)
            {
                Broken.Unless(life.IsCompleted, "the run never ends");
                CheckEnd(lifeDisk, world, life.GetAwaiter().GetResult(), decision);
                Broken.Unless(!decides || lifeDisk.Events.Exists(e => e.Kind == decision), "an operator was answered and his decision is not recorded");
                if (decision is null)
                {
                    Decide(lifeDisk, world.Deeds, crashesLeft);
                }

                return;
            }

            // An operator has been answered when his decision is recorded; what it leads to happens without him.
            bool isDecided = decision is { } kind && lifeDisk.Events.Exists(e => e.Kind == kind);
            Broken.Unless(!life.IsCompleted || isDecided, "an answer leaves although the barrier has not ended");

            // Of what was buffered, any beginning may have reached the disk.
            for (int kept = 0; kept <= journal.Buffered.Count; kept++)
            {
                NextLife(new Disk(lifeDisk.Events.Concat(journal.Buffered.Take(kept))), world.Deeds, crashesLeft - 1, decision);
            }
        }
    }

    /// <summary>Of a stuck run: each decision that an operator may make, while the server runs.</summary>
    private void Decide(Disk disk, List<Deed> deeds, int crashesLeft)
    {
        if (Disk.Find(disk.Events, RunId)!.Status != RunStatus.Stuck)
        {
            return;
        }

        foreach ((JournalEventKind kind, _) in s_decisions)
        {
            Live(
                disk,
                deeds,
                crashesLeft,
                async (_, journal) =>
                {
                    var stuck = new StuckRunOperations(journal, StoppedClock.Instance);
                    await (kind switch
                    {
                        JournalEventKind.RetryRequested => stuck.RetryAsync(RunId, "ann"),
                        JournalEventKind.SkipRequested => stuck.SkipAsync(RunId, "ann", "by hand"),
                        _ => stuck.AbandonAsync(RunId, "ann", "agreed"),
                    });
                    return null;
                },
                kind,
                decides: true);
        }
    }

    private static async Task<string?> LiveAsync(SpecOrchestrator orchestrator, MemoryJournal journal, Func<SpecOrchestrator, MemoryJournal, Task<string?>> work)
    {
        await orchestrator.UseJournalAsync(journal);
        return await work(orchestrator, journal);
    }

    private void NextLife(Disk disk, List<Deed> deeds, int crashesLeft, JournalEventKind? decision)
    {
        string state = $"{decision}\n" + string.Join('\n', disk.Events.Select(e => $"{e.Kind} {e.Step} {e.Attempt} {e.PoolDelta} {e.Answer}")) + "\n" + string.Join('\n', deeds);
        if (_seen.TryGetValue(state, out int left) && left >= crashesLeft)
        {
            return;
        }

        _seen[state] = crashesLeft;
        if (disk.Events.Count > 0)
        {
            TimelineTruth.Check(Disk.Find(disk.Events, RunId)!, deeds);
            Live(disk, deeds, crashesLeft, (_, _) => Task.FromResult<string?>(null), decision);
        }
        else
        {
            Broken.Unless(deeds.All(d => !program.IsReversible(d.Name[1] - '0')), "a reversible step had run and the run is not known");
        }
    }

    private void CheckEnd(Disk disk, World world, string? answer, JournalEventKind? decision)
    {
        try
        {
            CheckPromises(disk, world, answer, decision);
        }
        catch (Broken broken)
        {
            string history = string.Join('\n', disk.Events.Select(e => $"  {e.Kind} {e.Step} {e.Attempt} {e.Error} {e.Reason} {e.PoolDelta} {e.Answer}"));
            throw new Broken($"{broken.Message}; recorded:\n{history}\ndone:\n{string.Join('\n', world.Deeds.Select(d => $"  {d}"))}");
        }
    }

    private void CheckPromises(Disk disk, World world, string? answer, JournalEventKind? decision)
    {
        JournaledRun run = Disk.Find(disk.Events, RunId) ?? throw new Broken("a run was answered and nothing of it is recorded");
        int goesOn = run.Events.Count(e => e.Kind is JournalEventKind.RetryRequested or JournalEventKind.SkipRequested);
        Broken.Unless(run.Events.Count(e => e.Kind == JournalEventKind.RunFinished) == 1 + goesOn, "there is not exactly one outcome");
        bool isDecided = decision is { } made && run.Events.Any(e => e.Kind == made && e.By == "ann");
        RunStatus expected = isDecided ? s_decisions.Single(d => d.Kind == decision).Outcome : RunStatus.Stuck;
        Broken.Unless(decision is null || run.Status == expected || (run.Status == RunStatus.Stuck && IsGivenUp(run)), $"{(isDecided ? decision : "no decision")} was recorded and the run is {run.Status}");
        Broken.Unless(answer is null || answer == Text(run.Answer!), $"the client got {answer} but {run.Answer} is recorded");
        CheckOutcome(run, world);
        CheckOrder(world);
        TimelineTruth.Check(run, world.Deeds);

        // Recovery once more changes nothing, and the same request gets the recorded answer without running.
        int events = disk.Events.Count, deeds = world.Deeds.Count;
        var calm = new Crash();
        var again = new SpecOrchestrator(_spec, (name, pool, context) => world.RunAsync(name, pool, context, disk, calm), time: StoppedClock.Instance);
        string? repeated = LiveAsync(again, journals(disk, calm), async (o, _) => (await RequestAsync(o)).Answer.ToJsonString()).GetAwaiter().GetResult();
        Broken.Unless(repeated == Text(run.Answer!), $"the same request was answered with {repeated} but {run.Answer} is recorded");
        Broken.Unless((disk.Events.Count, world.Deeds.Count) == (events, deeds), "a recovered run was run again");
        var other = new JsonObject { ["client"] = "bob" };
        ProgramResult refused = again.RunAsync("main", other, new CallOptions { RunId = RunId }, CancellationToken.None).GetAwaiter().GetResult();
        Broken.Unless((string?)refused.Answer["_error_code"] == "bad_request", "another request under the same run_id was not refused");
    }

    private void CheckOutcome(JournaledRun run, World world)
    {
        bool[] did = [.. Enumerable.Range(0, program.Shape.Steps).Select(i => world.Deeds.Exists(d => d.Name == $"h{i}" && d.Ok))];
        bool[] undone = [.. Enumerable.Range(0, program.Shape.Steps).Select(i => world.Deeds.Exists(d => d.Name == $"u{i}" && d.Ok))];
        Deed? last = world.Deeds.LastOrDefault(d => d.IsUndoing);
        switch (run.Status)
        {
            case RunStatus.Succeeded:
                Broken.Unless(did.All(d => d) && !undone.Any(u => u), "success, but not every step ran, or one was undone");
                break;
            case RunStatus.Rectified:
                string[] ended = [.. run.Events.Where(e => e.Kind == JournalEventKind.StepCompleted && e.Step!.Contains('/', StringComparison.Ordinal)).Select(e => e.Reference!)];
                for (int i = 0; i < did.Length; i++)
                {
                    bool mustBeUndone = did[i] && program.IsReversible(i);
                    Broken.Unless(!mustBeUndone || (undone[i] && ended.Contains($"hooks.u{i}")), $"rectified, but h{i} was not undone, or that is not recorded");
                }

                Broken.Unless(last is not { Ok: false }, "rectified, but the last undoing failed");
                break;
            case RunStatus.ResolvedWithSkips:
                // Skipped is the step at whose undoing the run was stuck.
                string stuckAt = run.Events.Last(e => e is { Kind: JournalEventKind.RunFinished, Status: RunStatus.Stuck }).Step!;
                string passedOver = run.Events.First(e => e.Step == stuckAt[..stuckAt.IndexOf('/', StringComparison.Ordinal)]).Reference!;
                Broken.Unless(IsGivenUp(run) || passedOver == $"hooks.h{program.Odd}", $"resolved with skips, but stuck at {passedOver}");
                for (int i = 0; i < did.Length; i++)
                {
                    Broken.Unless(!did[i] || !program.IsReversible(i) || undone[i] || passedOver == $"hooks.h{i}", $"resolved with skips, but h{i} was not undone");
                }

                string[] skipped = [.. JsonNode.Parse(run.Answer!)!["_unrectified"]!.AsArray().Select(r => r!.GetValue<string>())];
                Broken.Unless(skipped.SequenceEqual([passedOver]), $"resolved with skips, and the answer calls [{string.Join(' ', skipped)}] unrectified");
                break;
            default:
                Broken.Unless(run.Status is RunStatus.Stuck or RunStatus.Abandoned && (last is { Ok: false } || IsGivenUp(run)), $"{run.Status}, but the last undoing did not fail");
                Broken.Unless((bool?)JsonNode.Parse(run.Answer!)!["_rectifier_fail"] == true, "stuck, and the answer does not say so");
                break;
        }
    }

    /// <summary>Whether the process has ended so often at one step that nobody tries it again unasked.</summary>
    private static bool IsGivenUp(JournaledRun run) =>
        run.Events.Any(e => e is { Kind: JournalEventKind.RunFinished, Status: RunStatus.Stuck }
            && e.Error!.StartsWith($"The server's process ended {RunReplay.MaxProcessEnds} times while this step was tried.", StringComparison.Ordinal));

    /// <summary>Later steps are undone before earlier ones; an undoing is repeated only at once.</summary>
    private static void CheckOrder(World world)
    {
        int[][] order = [.. world.Deeds.Where(d => d.IsUndoing).Select(d => d.Step.Split('/').Select(int.Parse).ToArray())];
        for (int i = 1; i < order.Length; i++)
        {
            (int[] a, int[] b) = (order[i - 1], order[i]);
            bool inOrder = b[0] != a[0] ? b[0] < a[0] : b[1] != a[1] ? b[1] > a[1] : b[2] >= a[2];
            Broken.Unless(inOrder, $"{string.Join('/', b)} is undone after {string.Join('/', a)}");
        }
    }

    private static Task<ProgramResult> RequestAsync(SpecOrchestrator orchestrator) =>
        orchestrator.RunAsync("main", new JsonObject { ["client"] = "ann" }, new CallOptions { RunId = RunId }, CancellationToken.None);

    private static string Text(string json) => JsonNode.Parse(json)!.ToJsonString();
}
