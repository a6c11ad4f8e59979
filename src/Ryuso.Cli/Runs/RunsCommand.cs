using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;

namespace Ryuso.Cli.Runs;

/// <summary><c>ryuso runs</c>: the operator's verbs on a journal file, beside a running server or a stopped one.</summary>
internal static class RunsCommand
{
    private static readonly Dictionary<string, RunStatus> s_statuses = Enum.GetValues<RunStatus>().ToDictionary(RunNames.Of);

    public static Command Create(Terminal terminal) => new("runs", "Shows the runs of a journal, and records an operator's decisions on stuck ones.")
    {
        List(terminal),
        Show(terminal),
        DecideCommand.Retry(terminal),
        DecideCommand.Skip(terminal),
        DecideCommand.Abandon(terminal),
    };

    private static Command List(Terminal terminal)
    {
        var status = new Option<string?>("--status")
        {
            Description = "Only runs of this status; otherwise the stuck ones, then the unfinished",
            HelpName = string.Join('|', s_statuses.Keys),
        };
        status.AcceptOnlyFromAmong([.. s_statuses.Keys]);
        var limit = new Option<int>("--limit")
        {
            Description = "How many of a status at most, the newest first",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 100,
        };
        var journal = new JournalOption(terminal);
        Option<bool> json = Json();
        var command = new Command("list", "Lists runs, stuck ones first.") { status, limit, journal.Journal, json };
        command.SetAction((parsed, cancel) => journal.WithJournalAsync(parsed, async file =>
        {
            List<JournaledRun> runs = [];
            foreach (RunStatus wanted in parsed.GetValue(status) is { } name ? [s_statuses[name]] : new[] { RunStatus.Stuck, RunStatus.Unfinished })
            {
                var query = new RunQuery(wanted) { Limit = Math.Max(1, parsed.GetValue(limit)), IncludeEvents = false };
                runs.AddRange(await file.Runs.ListAsync(query, cancel));
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. runs.Select(RunJson.Of)]));
            }
            else
            {
                RunText.WriteList(terminal, runs);
            }
        }));
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var journal = new JournalOption(terminal);
        Argument<string?> id = journal.Run(ArgumentArity.ExactlyOne, Enum.GetValues<RunStatus>());
        Option<bool> json = Json();
        var command = new Command("show", "Shows everything that is recorded of a run.") { id, journal.Journal, json };
        command.SetAction((parsed, cancel) => journal.WithJournalAsync(parsed, async file =>
        {
            string name = parsed.GetRequiredValue(id)!;
            JournaledRun run = await file.Runs.FindAsync(name, cancellationToken: cancel)
                ?? throw new UsageException($"There is no run '{name}' in the journal. 'ryuso runs list' shows which there are.");
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(RunJson.WithEvents(run));
            }
            else
            {
                RunText.Write(terminal, run);
            }
        }));
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "Prints the result as JSON" };
}
