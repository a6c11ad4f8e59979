using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Definitions;

namespace Ryuso.Testing;

/// <summary>One case that was run.</summary>
internal sealed class CaseRun<TWorld>(Case test, CaseLog log, Disk disk) : IAsyncDisposable
    where TWorld : class
{
    public Case Case => test;

    public CaseLog Log => log;

    public Disk Disk => disk;

    /// <summary>Null only before the first life.</summary>
    public TWorld? World { get; set; }

    public SpecDefinition Spec { get; set; } = null!;

    public ProgramResult Result { get; set; } = null!;

    /// <summary>What the caller got; null where the process ended before.</summary>
    public ProgramResult? Answer { get; set; }

    /// <summary>How many events waited for the journal when the process ended last.</summary>
    public int Buffered { get; set; }

    /// <summary>Where everything stood when the process ended last: what follows equal states is the same.</summary>
    public string State { get; set; } = "";

    /// <summary>Why the case was given up; null where it came to its end.</summary>
    public string? IsAbandoned { get; set; }

    public string StateNow()
    {
        IEnumerable<string> recorded = disk.Events.Select(e => $"{e.Kind} {e.Step} {e.Attempt}");
        IEnumerable<string> done = log.Steps.Where(s => s.Outcome != RunStep.NeverRan).Select(s => $"{s.Id} {(s.Outcome == RunStep.Unrecorded ? null : s.Outcome)}");
        return string.Join('\n', recorded.Append("").Concat(done));
    }

    /// <summary>The steps on the way forward, each once.</summary>
    public IEnumerable<RunStep> Forward => log.Steps.Where(s => !s.IsRectifying).DistinctBy(s => s.Id);

    public HookDefinition HookOf(RunStep step) => Spec.Hooks.Single(h => h.Reference == step.Hook);

    /// <summary>What is told of the run beside what is wrong with it.</summary>
    public string Describe()
    {
        RunStep[] steps = [.. log.Steps];
        List<string> lines = [];
        if (Result is not null)
        {
            lines.Add("result: " + (Result.IsSuccess ? "succeeded" : Result.IsRejected ? $"rejected, {Result.Error}" : $"{(Result.IsStuck ? "stuck" : "rectified")}, {Result.Error}"));
        }

        lines.Add("ran:    " + Words(steps.Where(s => !s.IsRectifying)));
        lines.Add("undone: " + Words(steps.Where(s => s.IsRectifying)));
        return string.Concat(lines.Select(line => "\n      " + line));
    }

    /// <summary>Which step, so that two calls of one hook can be told apart.</summary>
    public string NameOf(RunStep step) =>
        string.Create(CultureInfo.InvariantCulture, $"step {Forward.TakeWhile(s => s.Id != step.Id).Count() + 1}, {step.Hook},");

    public static ProgramResult Lost { get; } = new(new JsonObject
    {
        ["_program_fail"] = true,
        ["_dependency_fail"] = false,
        ["_rectifier_fail"] = false,
        ["_error"] = "The process ended before the run was recorded.",
        ["_rectified"] = new JsonArray(),
        ["_unrectified"] = new JsonArray(),
    });

    /// <summary>The case's world is gone, too, unless somebody may still be at work in it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsAbandoned is not null)
        {
            return;
        }

        if (World is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            (World as IDisposable)?.Dispose();
        }
    }

    private static string Words(IEnumerable<RunStep> steps) => string.Join(", ", steps) is { Length: > 0 } words ? words : "nothing";
}
