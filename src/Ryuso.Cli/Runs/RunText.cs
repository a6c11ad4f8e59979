using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Spectre.Console;

namespace Ryuso.Cli.Runs;

/// <summary>Journaled runs for people.</summary>
internal static class RunText
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteList(Terminal terminal, IReadOnlyList<JournaledRun> runs)
    {
        foreach (JournaledRun run in runs)
        {
            WriteHead(terminal, run);
        }

        terminal.Out.WriteLine(runs.Count == 1 ? "1 run." : string.Create(CultureInfo.InvariantCulture, $"{runs.Count} runs."));
    }

    public static void Write(Terminal terminal, JournaledRun run)
    {
        WriteHead(terminal, run);
        RunTimeline? timeline = RunJson.TimelineOf(run, out string? problem);
        if (problem is not null && run.Damage is null)
        {
            WriteIndented(terminal, problem);
        }

        terminal.Out.WriteLine();
        if (timeline is not null)
        {
            WriteSteps(terminal, timeline);
            terminal.Out.WriteLine();
        }

        WriteEvents(terminal, run, timeline);
    }

    private static void WriteSteps(Terminal terminal, RunTimeline timeline)
    {
        Grid grid = Table();
        foreach (RunTimelineStep step in timeline.Steps)
        {
            string tries = step.Attempts > 1 ? string.Create(CultureInfo.InvariantCulture, $" at try {step.Attempts}") : "";
            grid.AddRow(
                new Text(step.Number.ToString(CultureInfo.InvariantCulture)),
                new Text(VisibleText.Line(step.Reference)),
                new Markup($"[{Colour(step)}]{Words(step.Progress)}{tries}[/]"),
                new Text(VisibleText.Line(string.Join("; ", new[] { step.Error, WayBack(step) }.Where(w => w is not null)))));
        }

        terminal.Screen.Write(grid);
    }

    private static void WriteEvents(Terminal terminal, JournaledRun run, RunTimeline? timeline)
    {
        Grid grid = Table();
        long start = run.Events.Select(e => e.Time).DefaultIfEmpty().Min();
        foreach (JournalEvent entry in run.Events)
        {
            string after = string.Create(CultureInfo.InvariantCulture, $"+{(entry.Time - start) / 1000.0:0.000} s");
            grid.AddRow(
                new Markup($"[grey]{after}[/]"),
                new Markup($"[{Colour(entry.Kind)}]{RunNames.Of(entry.Kind)}[/]"),
                new Text(Step(timeline, entry)),
                new Text(Words(entry)));
            foreach ((string name, JsonNode? value) in Changes(entry))
            {
                grid.AddRow(new Text(""), new Text(""), new Text(""), new Markup($"[grey]{Markup.Escape(Change(name, value))}[/]"));
            }
        }

        terminal.Screen.Write(grid);
    }

    private static void WriteHead(Terminal terminal, JournaledRun run)
    {
        string colour = run.Status is RunStatus.Stuck ? "bold red" : run.Status is RunStatus.Succeeded ? "green" : "olive";
        string time = DateTimeOffset.FromUnixTimeMilliseconds(run.Accepted.StartedAt).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string id = Markup.Escape(VisibleText.Line(run.RunId));
        string program = Markup.Escape(VisibleText.Line(run.Accepted.Program));
        terminal.Screen.MarkupLine($"{id}  [bold]{program}[/]  [{colour}]{RunNames.Of(run.Status)}[/]  {time}");
        if (run.Error is { } error)
        {
            WriteIndented(terminal, error);
            if (run.Cause is { } cause && !cause.EndsWith(error, StringComparison.Ordinal))
            {
                WriteIndented(terminal, "Before that, " + cause);
            }
        }

        if (run.Damage is { } damage)
        {
            WriteIndented(terminal, "What is recorded of it cannot be read: " + damage);
        }
    }

    private static void WriteIndented(Terminal terminal, string text) =>
        terminal.Screen.Write(new Padder(new Text(VisibleText.Line(text)), new Padding(2, 0, 0, 0)));

    private static Grid Table()
    {
        Grid grid = new();
        for (int i = 0; i < 3; i++)
        {
            grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2));
        }

        return grid.AddColumn();
    }

    private static string Step(RunTimeline? timeline, JournalEvent entry) =>
        timeline is null ? entry.Step ?? ""
        : timeline.NumberOf(entry) is not { } number ? ""
        : (entry.Step!.Contains('/', StringComparison.Ordinal) ? "undoes " : "step ") + number.ToString(CultureInfo.InvariantCulture);

    private static string Words(StepProgress progress) => progress switch
    {
        StepProgress.NotReached => "not reached",
        StepProgress.MayHaveRun => "may have run",
        StepProgress.Started => "started",
        StepProgress.Ran => "ran",
        StepProgress.Failed => "failed",
        _ => "in doubt",
    };

    /// <summary>What has become of undoing a step; null where it is not to be undone.</summary>
    private static string? WayBack(RunTimelineStep step)
    {
        string rectifiers = string.Join(", ", step.Rectifiers.Select(r => r.Reference + r.Progress switch
        {
            _ when step.Rectification == StepRectification.Rectified => "",
            RectifierProgress.Started => " (started)",
            RectifierProgress.Completed => " (done)",
            RectifierProgress.Failed => $" (failed: {r.Error})",
            RectifierProgress.Skipped => " (skipped)",
            _ => "",
        }));
        return step.Rectification switch
        {
            StepRectification.None => null,
            StepRectification.Pending => "still to be undone: " + rectifiers,
            StepRectification.Rectified => "undone: " + rectifiers,
            StepRectification.Skipped => "not all undone: " + rectifiers,
            _ => "never undone: " + rectifiers,
        };
    }

    private static string Colour(RunTimelineStep step) => step switch
    {
        { Progress: StepProgress.Failed or StepProgress.InDoubt } or { Rectification: StepRectification.Pending } => "red",
        { Rectification: StepRectification.Skipped or StepRectification.Abandoned } => "olive",
        { Progress: StepProgress.NotReached or StepProgress.MayHaveRun } => "grey",
        _ => "default",
    };

    private static string Words(JournalEvent entry) => VisibleText.Line(string.Join("  ", new[]
    {
        entry.Reference,
        entry.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"try {entry.Attempt}") : null,
        entry.Kind == JournalEventKind.RunFinished ? RunNames.Of(entry.Status) : null,
        entry.By is null ? null : $"by {entry.By}",
        entry.Error ?? entry.Reason,
    }.Where(w => w is not null)));

    /// <summary>What the pool gained, changed or lost.</summary>
    private static JsonObject Changes(JournalEvent entry)
    {
        try
        {
            return entry.PoolDelta is null ? [] : JsonNode.Parse(entry.PoolDelta, documentOptions: RunJson.Reading) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static string Change(string name, JsonNode? value) =>
        VisibleText.Line(value is null ? $"{name} removed" : $"{name} = {value.ToJsonString(s_json)}");

    private static string Colour(JournalEventKind kind) => kind switch
    {
        JournalEventKind.AttemptFailed or JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted => "red",
        JournalEventKind.RetryRequested or JournalEventKind.SkipRequested or JournalEventKind.AbandonRequested => "teal",
        _ => "default",
    };
}
