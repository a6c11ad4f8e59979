using System.Globalization;
using Spectre.Console;

namespace Ryuso.Cli.Runs;

/// <summary>Journaled runs for people.</summary>
internal static class RunText
{
    public static string Of(RunStatus status) => status switch
    {
        RunStatus.Unfinished => "unfinished",
        RunStatus.Succeeded => "succeeded",
        RunStatus.Rectified => "rectified",
        RunStatus.Stuck => "stuck",
        RunStatus.ResolvedWithSkips => "resolved_with_skips",
        _ => "abandoned",
    };

    public static string Of(JournalEventKind kind) => kind switch
    {
        JournalEventKind.RunAccepted => "run_accepted",
        JournalEventKind.StepStarted => "step_started",
        JournalEventKind.StepCompleted => "step_completed",
        JournalEventKind.AttemptFailed => "attempt_failed",
        JournalEventKind.CompensationStarted => "compensation_started",
        JournalEventKind.RunInterrupted => "run_interrupted",
        JournalEventKind.RecoveryStarted => "recovery_started",
        JournalEventKind.RunFinished => "run_finished",
        JournalEventKind.RetryRequested => "retry_requested",
        JournalEventKind.SkipRequested => "skip_requested",
        _ => "abandon_requested",
    };

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
        terminal.Out.WriteLine();
        Grid grid = new();
        for (int i = 0; i < 3; i++)
        {
            grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2));
        }

        grid.AddColumn();
        long start = run.Events.Select(e => e.Time).DefaultIfEmpty().Min();
        foreach (JournalEvent entry in run.Events)
        {
            string after = string.Create(CultureInfo.InvariantCulture, $"+{(entry.Time - start) / 1000.0:0.000} s");
            grid.AddRow(new Markup($"[grey]{after}[/]"), new Markup($"[{Colour(entry.Kind)}]{Of(entry.Kind)}[/]"), new Text(entry.Step ?? ""), new Text(Words(entry)));
        }

        terminal.Screen.Write(grid);
    }

    private static void WriteHead(Terminal terminal, JournaledRun run)
    {
        string colour = run.Status is RunStatus.Stuck ? "bold red" : run.Status is RunStatus.Succeeded ? "green" : "olive";
        string time = DateTimeOffset.FromUnixTimeMilliseconds(run.Accepted.StartedAt).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        terminal.Screen.MarkupLine($"{Markup.Escape(run.RunId)}  [bold]{Markup.Escape(run.Accepted.Program)}[/]  [{colour}]{Of(run.Status)}[/]  {time}");
        if (run.Error is { } error)
        {
            terminal.Screen.Write(new Padder(new Text(error), new Padding(2, 0, 0, 0)));
            if (run.Cause is { } cause && !cause.EndsWith(error, StringComparison.Ordinal))
            {
                terminal.Screen.Write(new Padder(new Text("Before that, " + cause), new Padding(2, 0, 0, 0)));
            }
        }
    }

    private static string Words(JournalEvent entry) => string.Join("  ", new[]
    {
        entry.Reference,
        entry.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"try {entry.Attempt}") : null,
        entry.Kind == JournalEventKind.RunFinished ? Of(entry.Status) : null,
        entry.By is null ? null : $"by {entry.By}",
        entry.Error ?? entry.Reason,
    }.Where(w => w is not null));

    private static string Colour(JournalEventKind kind) => kind switch
    {
        JournalEventKind.AttemptFailed or JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted => "red",
        JournalEventKind.RetryRequested or JournalEventKind.SkipRequested or JournalEventKind.AbandonRequested => "teal",
        _ => "default",
    };
}
