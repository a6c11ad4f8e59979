using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Ryuso.Cli.Plans;
using Spectre.Console;

namespace Ryuso.Cli.Calls;

/// <summary>An answer for people.</summary>
internal static class CallText
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Terminal terminal, string program, Answer answer, PlanTree? tree)
    {
        if (answer.Rejected)
        {
            terminal.Screen.MarkupLine($"[red]rejected[/] ({Escape(answer.ErrorCode ?? "no code")}): {Escape(answer.Error)}");
            terminal.Screen.MarkupLine("Nothing ran.");
            return;
        }

        if (!answer.Failed)
        {
            WriteOutputs(terminal, answer);
            return;
        }

        string outcome = answer.Stuck ? "is STUCK" : "failed";
        terminal.Screen.MarkupLine($"[bold red]{Escape(program)} {outcome}[/]: {Escape(answer.Error)}");
        terminal.Out.WriteLine();
        List<TimelineEntry>? timeline = tree is null ? null : Timeline.Of(tree, answer);
        terminal.Screen.Write(timeline is null ? Trace(answer) : Lines(timeline, answer));
        terminal.Out.WriteLine();
        terminal.Screen.MarkupLine(Escape(Summary(answer)));
        if (answer.Outputs.Any())
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine("What the pool held in the end, of the outputs and the metadata:");
            WriteOutputs(terminal, answer);
        }

        terminal.Out.WriteLine();
        terminal.Screen.MarkupLine($"[grey]run {Escape(answer.RunId ?? "without an id")}[/]");
    }

    /// <summary>Each value in a line of its own, which is never broken: it may be copied, or read by a script.</summary>
    private static void WriteOutputs(Terminal terminal, Answer answer)
    {
        List<(string Name, string Value)> shown = [.. answer.Outputs.Select(o => (VisibleText.Line(o.Key), VisibleText.Line(Shown(o.Value))))];
        int width = shown.Select(o => o.Name.GetCellWidth()).DefaultIfEmpty().Max();
        foreach ((string name, string value) in shown)
        {
            terminal.Screen.Markup($"[bold]{Escape(name)}[/]");
            terminal.Out.WriteLine(new string(' ', width - name.GetCellWidth() + 2) + value);
        }
    }

    /// <summary>Text without quotes; everything else as JSON.</summary>
    private static string Shown(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue(out string? words) ? words : value?.ToJsonString(s_json) ?? "null";

    private static Grid Lines(List<TimelineEntry> timeline, Answer answer)
    {
        Grid grid = Table().AddColumn();
        foreach (TimelineEntry entry in timeline)
        {
            (string mark, string colour, string told) = Told(entry, answer);
            string number = entry.Step == 0 ? "" : entry.Step.ToString(CultureInfo.InvariantCulture) + " ";
            string tries = entry.Tries > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({entry.Tries} tries)") : "";
            grid.AddRow(new Markup($"[{colour}]{mark}[/]"), new Markup($"[{colour}]{number}{Escape(Name(entry.Reference))}{tries}[/]"), new Markup($"[{colour}]{Escape(told)}[/]"));
        }

        return grid;
    }

    private static (string Mark, string Colour, string Told) Told(TimelineEntry entry, Answer answer) => entry.Fate switch
    {
        StepFate.Ran => ("✓", "green", "ran"),
        StepFate.Reversed => ("✓", "green", "ran, and was reversed"),
        StepFate.NotReversed => ("!", "bold red", "ran, and was NOT reversed"),
        StepFate.Failed => ("✗", "bold red", answer.Stuck ? "failed" : "failed: " + answer.Error),
        StepFate.MayHaveFailed => ("?", "bold red", "may have failed; a stuck run does not tell what failed first"),
        StepFate.NotReached => ("·", "grey", "did not run"),
        StepFate.UndoFailed => ("✗", "bold red", $"failed to reverse {Step(entry.Of)}: {answer.Error}"),
        _ => ("↩", "olive", "reversed " + Step(entry.Of)),
    };

    /// <summary>Without the spec only the order is known, and what the answer says in so many words.</summary>
    private static Grid Trace(Answer answer)
    {
        Grid grid = Table().AddColumn();
        for (int i = 0; i < answer.Trace.Count; i++)
        {
            string number = (i + 1).ToString(CultureInfo.InvariantCulture);
            grid.AddRow(new Markup($"[grey]{number}[/]"), new Text(Name(answer.Trace[i])), new Text(answer.Trace[i] == answer.LastFailed ? "failed last" : ""));
        }

        return grid;
    }

    private static string Summary(Answer answer)
    {
        string reversed = answer.Rectified.Count > 0 ? $"Reversed: {Names(answer.Rectified)}." : "Nothing had to be reversed.";
        return !answer.Stuck ? reversed
            : $"{(answer.Rectified.Count > 0 ? reversed : "Nothing was reversed.")} NOT reversed: {Names(answer.Unrectified)}. {Name(answer.LastFailed ?? "a rectifier")} failed, so nothing more was touched: an operator must look.";
    }

    private static Grid Table() => new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn(new GridColumn().PadRight(2));

    private static string Step(PlanNode? step) => step is null ? "a step" : string.Create(CultureInfo.InvariantCulture, $"{step.Step} {step.Name}");

    private static string Names(IEnumerable<string> references) => string.Join(", ", references.Select(Name));

    private static string Name(string reference) => reference.StartsWith("hooks.", StringComparison.Ordinal) ? reference["hooks.".Length..] : reference;

    private static string Escape(string text) => Markup.Escape(VisibleText.Line(text));
}
