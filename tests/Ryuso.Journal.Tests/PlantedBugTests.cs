using Ryuso.Journal.Tests.Memory;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests;

/// <summary>Bugs planted on purpose: a suite that does not find each of them proves nothing.</summary>
public sealed class PlantedBugTests
{
    private static readonly Dictionary<string, Func<Disk, Crash, MemoryJournal>> s_bugs = new()
    {
        ["an answer leaves before its barrier"] = (d, c) => new MutantJournal(d, c) { Keeps = waiting => waiting.Count == 0 || waiting[^1].Kind != JournalEventKind.RunFinished },
        ["a step starts before its barrier"] = (d, c) => new MutantJournal(d, c) { Keeps = waiting => waiting.Count == 0 || waiting[^1].Kind != JournalEventKind.StepStarted || IsBack(waiting[^1]) },
        ["a rectifier starts before its barrier"] = (d, c) => new MutantJournal(d, c) { Keeps = waiting => waiting.Count == 0 || !IsBack(waiting[^1]) },
        ["no barrier is ever kept"] = (d, c) => new MutantJournal(d, c) { Keeps = _ => false },
        ["the start of a step is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepStarted && !IsBack(e) ? null : e },
        ["the start of a rectifier is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepStarted && IsBack(e) ? null : e },
        ["the end of a step is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepCompleted && !IsBack(e) ? null : e },
        ["the end of a rectifier is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepCompleted && IsBack(e) ? null : e },
        ["the decision to rectify is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.CompensationStarted ? null : e },
        ["an interruption is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.RunInterrupted ? null : e },
        ["the outcome is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.RunFinished ? null : e },
        ["tries are not counted"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepStarted ? e with { Attempt = 1 } : e },
        ["the initial pool is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.RunAccepted ? e with { PoolDelta = null } : e },
        ["what a step changed in the pool is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepCompleted && !IsBack(e) ? e with { PoolDelta = null } : e },
        ["what a rectifier changed in the pool is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.StepCompleted && IsBack(e) ? e with { PoolDelta = null } : e },
        ["a stuck run is recorded as rectified"] = (d, c) => new MutantJournal(d, c) { In = e => e.Status == RunStatus.Stuck ? e with { Status = RunStatus.Rectified } : e },
        ["another answer is recorded than is sent"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.RunFinished ? e with { Answer = "{}" } : e },
        ["a run_id is forgotten"] = (d, c) => new MutantJournal(d, c) { Forgets = true },
        ["unfinished runs are not found"] = (d, c) => new MutantJournal(d, c) { Reads = status => status == RunStatus.Unfinished ? [] : [status] },
        ["finished runs are recovered again"] = (d, c) => new MutantJournal(d, c) { Reads = status => status == RunStatus.Unfinished ? [RunStatus.Unfinished, RunStatus.Rectified] : [status] },
        ["rectification is decided again"] = (d, c) => new MutantJournal(d, c) { Out = run => run with { Events = [.. run.Events.Where(e => !IsBack(e) && e.Kind is not (JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted))] } },
        ["a step in doubt is taken for one that ended"] = (d, c) => new MutantJournal(d, c) { Out = run => run with { Events = [.. run.Events.SelectMany(e => e.Kind == JournalEventKind.StepStarted && !IsBack(e) && !run.Events.Any(o => o.Kind is JournalEventKind.StepCompleted or JournalEventKind.CompensationStarted && o.Step == e.Step) ? new[] { e, e with { Kind = JournalEventKind.StepCompleted, PoolDelta = null } } : [e])] } },
        ["a step in doubt is taken for one that never started"] = (d, c) => new MutantJournal(d, c) { Out = run => run with { Events = [.. run.Events.Where(e => e.Kind != JournalEventKind.StepStarted || IsBack(e) || run.Events.Any(o => o.Kind == JournalEventKind.StepCompleted && o.Step == e.Step))] } },
        ["recovery begins at the first step instead of the last"] = (d, c) => new MutantJournal(d, c) { Out = FirstInsteadOfLast },
        ["an operator's decision is not recorded"] = (d, c) => new MutantJournal(d, c) { In = e => IsDecision(e) ? null : e },
        ["an operator is answered before his decision is durable"] = (d, c) => new MutantJournal(d, c) { Keeps = waiting => waiting.Count == 0 || !IsDecision(waiting[^1]) },
        ["a skip is taken for a retry"] = (d, c) => new MutantJournal(d, c) { Out = run => run with { Events = [.. run.Events.Select(e => e.Kind == JournalEventKind.SkipRequested ? e with { Kind = JournalEventKind.RetryRequested } : e)] } },
        ["an abandoned run is gone on with"] = (d, c) => new MutantJournal(d, c) { Reads = status => status == RunStatus.Unfinished ? [RunStatus.Unfinished, RunStatus.Abandoned] : [status] },
        ["a stuck run is gone on with though nobody decided"] = (d, c) => new MutantJournal(d, c) { Reads = status => status == RunStatus.Unfinished ? [RunStatus.Unfinished, RunStatus.Stuck] : [status] },
        ["recoveries are not counted"] = (d, c) => new MutantJournal(d, c) { In = e => e.Kind == JournalEventKind.RecoveryStarted ? null : e },
    };

    public static TheoryData<string> Names => [.. s_bugs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_bug_is_found(string name) => Assert.NotNull(FindBreach(s_bugs[name]));

    [Fact]
    public void Without_a_planted_bug_nothing_is_found() => Assert.Null(FindBreach((disk, crash) => new MemoryJournal(disk, crash)));

    /// <summary>The first promise that is broken in some programs of two and three steps; null where all are kept.</summary>
    private static string? FindBreach(Func<Disk, Crash, MemoryJournal> journals)
    {
        foreach (SmallProgram program in SmallProgram.All(2).Where((_, i) => i % 5 == 0).Concat(SmallProgram.All(3).Where((_, i) => i % 97 == 0)))
        {
            try
            {
                new Explorer(program, journals, crashes: 2).Explore();
                DeadlyRun.Check(program, journals);
            }
            catch (Exception exception) when (exception is Broken or JournalException)
            {
                return exception.Message;
            }
        }

        return null;
    }

    private static bool IsDecision(JournalEvent entry) => entry.Kind is JournalEventKind.RetryRequested or JournalEventKind.SkipRequested or JournalEventKind.AbandonRequested;

    private static bool IsBack(JournalEvent entry) => entry.Step?.Contains('/', StringComparison.Ordinal) == true;

    private static JournaledRun FirstInsteadOfLast(JournaledRun run)
    {
        JournalEvent? last = run.Events.LastOrDefault(e => e.Kind == JournalEventKind.StepCompleted && !IsBack(e));
        return run with { Events = [.. run.Events.Where(e => e != last && !(e.Kind == JournalEventKind.StepStarted && e.Step == last?.Step))] };
    }
}
