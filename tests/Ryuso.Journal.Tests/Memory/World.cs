using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>The world outside the process, which no crash takes back: what hooks did, in order. It checks at each call what must be true then.</summary>
internal sealed class World(SmallProgram program, IEnumerable<Deed> deeds)
{
    public List<Deed> Deeds { get; } = [.. deeds];

    public async ValueTask<HookResult> RunAsync(string name, DataPool pool, HookContext context, Disk disk, Crash crash)
    {
        string step = context.IdempotencyKey[(context.RunId.Length + 1)..];
        CheckBefore(name, step, pool, context, disk);
        if (crash.IsDue())
        {
            await crash.EndAsync(name);
        }

        bool ok = Succeeds(name) || disk.Events.Exists(e => e.Kind == JournalEventKind.RetryRequested);
        Deeds.Add(new Deed(name, step, context.Attempt, ok));
        if (ok && name != "look")
        {
            string list = context.IsRectifying ? "undone" : "done";
            JsonArray known = (JsonArray?)pool[list] ?? [];
            known.Add(name);
            pool[list] = known.DeepClone();
            pool["amount_" + name] = 2.0;
        }

        if (crash.IsDue())
        {
            await crash.EndAsync(name);
        }

        return ok ? HookResult.Ok : HookResult.Fail($"{name} says no");
    }

    private bool Succeeds(string name)
    {
        int number = name == "look" ? -1 : int.Parse(name[1..], CultureInfo.InvariantCulture);
        return name[0] switch
        {
            'h' => number != program.Failing,
            'u' when number == program.Odd => program.Undoing switch
            {
                Undoing.FailsAlways => false,
                Undoing.FailsOnce or Undoing.FailsOnceWithoutRetry => Deeds.Exists(d => d.Name == name),
                _ => true,
            },
            _ => true,
        };
    }

    private void CheckBefore(string name, string step, DataPool pool, HookContext context, Disk disk)
    {
        bool Recorded(JournalEventKind kind, string? at = null, int attempt = 0) =>
            disk.Events.Exists(e => e.Kind == kind && (at is null || e.Step == at) && (attempt == 0 || e.Attempt == attempt));

        bool decided = Recorded(JournalEventKind.CompensationStarted) || Recorded(JournalEventKind.RunInterrupted);
        Deed? before = Deeds.FindLast(d => d.Step == step);
        bool retried = Recorded(JournalEventKind.RetryRequested);
        Broken.Unless(before is null || before.Attempt < context.Attempt || retried, $"{step} counts its tries: {context.Attempt} after {before?.Attempt}");
        if (!context.IsRectifying)
        {
            Broken.Unless(!decided && !Deeds.Exists(d => d.IsUndoing), $"{name} runs forward after the way back was decided");
            Broken.Unless(!program.IsReversible(Number(name)) || Recorded(JournalEventKind.StepStarted, step, context.Attempt), $"{name} starts before its start is durable");
            Broken.Unless(Deeds.All(d => d.Step != step), $"{name} runs forward twice");
            return;
        }

        Broken.Unless(decided, $"{name} undoes before that is decided durably");
        Broken.Unless(!Recorded(JournalEventKind.AbandonRequested), $"{name} undoes what an operator has closed");
        string? stuckAt = disk.Events.FindLast(e => e is { Kind: JournalEventKind.RunFinished, Status: RunStatus.Stuck })?.Step;
        Broken.Unless(stuckAt is null || retried || Recorded(JournalEventKind.SkipRequested), $"{name} undoes though the run is stuck and nobody has decided");
        Broken.Unless(!Recorded(JournalEventKind.SkipRequested) || stuckAt?[..stuckAt.LastIndexOf('/')] != step[..step.LastIndexOf('/')], $"{name} undoes what an operator passed over");
        Broken.Unless(Recorded(JournalEventKind.StepStarted, step, context.Attempt), $"{name} starts before its start is durable");
        int started = disk.Events.Skip(disk.Events.FindLastIndex(e => e.Kind == JournalEventKind.RetryRequested) + 1).Count(e => e.Kind == JournalEventKind.StepStarted && e.Step == step);
        Broken.Unless(started == context.Attempt, $"{name} is at try {context.Attempt} but was started {started} times");
        string position = step[..step.IndexOf('/', StringComparison.Ordinal)];
        Deed? done = Deeds.Find(d => d.Step == position);
        Broken.Unless(Recorded(JournalEventKind.StepStarted, position), $"{name} undoes a step that is not recorded as started");
        Broken.Unless(context.InDoubt || done is { Ok: true }, $"{name} undoes what never was, without being in doubt");
        Broken.Unless(!context.InDoubt || !Recorded(JournalEventKind.StepCompleted, position), $"{name} is in doubt of a step with a recorded end");

        // The pool that it sees: everything that was done before, and what its own step did unless that is in doubt.
        string[] inPool = [.. ((JsonArray?)pool["done"] ?? []).Select(n => n!.GetValue<string>())];
        string[] should = [.. Deeds.Where(d => !d.IsUndoing && d.Ok && Position(d) < int.Parse(position, CultureInfo.InvariantCulture)).Select(d => d.Name)];
        Broken.Unless(should.SequenceEqual(inPool.Take(should.Length)), $"{name} sees [{string.Join(' ', inPool)}] done but [{string.Join(' ', should)}] was");
        Broken.Unless(context.InDoubt || (inPool.Contains(done!.Name) && (double?)pool["amount_" + done.Name] == 2.0), $"{name} does not see what its step put into the pool");
        Broken.Unless((string?)pool["client"] == "ann", $"{name} does not see the initial pool");
        string[] undone = [.. ((JsonArray?)pool["undone"] ?? []).Select(n => n!.GetValue<string>()).Distinct()];
        string[] undoneRecorded = [.. disk.Events.Where(e => e.Kind == JournalEventKind.StepCompleted && e.Step!.Contains('/', StringComparison.Ordinal) && e.Reference != "hooks.look").Select(e => e.Reference!["hooks.".Length..])];
        Broken.Unless(undoneRecorded.SequenceEqual(undone), $"{name} sees [{string.Join(' ', undone)}] undone but [{string.Join(' ', undoneRecorded)}] is recorded");
    }

    private static int Position(Deed deed) => int.Parse(deed.Step, CultureInfo.InvariantCulture);

    private static int Number(string name) => int.Parse(name[1..], CultureInfo.InvariantCulture);
}

/// <summary>One call of one hook that had its effect, or failed.</summary>
internal sealed record Deed(string Name, string Step, int Attempt, bool Ok)
{
    public bool IsUndoing => Step.Contains('/', StringComparison.Ordinal);
}

/// <summary>Something that section 8 promises is not so.</summary>
internal sealed class Broken(string message) : Exception(message)
{
    public static void Unless(bool holds, string message)
    {
        if (!holds)
        {
            throw new Broken(message);
        }
    }
}
