using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Sqlite;

namespace Ryuso.Cli.Runs;

/// <summary><c>ryuso runs</c>: the operator's verbs on a journal file, beside a running server or a stopped one.</summary>
internal static class RunsCommand
{
    private static readonly Dictionary<string, RunStatus> s_statuses = Enum.GetValues<RunStatus>().ToDictionary(RunText.Of);

    public static Command Create(Terminal terminal) => new("runs", "Shows the runs of a journal, and decides what becomes of stuck ones.")
    {
        List(terminal),
        Show(terminal),
        Decide(terminal, "retry", "Runs the failed rectifier again and goes on from there.", needsReason: false, (stuck, run, by, _, cancel) => stuck.RetryAsync(run, by, cancel)),
        Decide(terminal, "skip", "Passes over the failed rectifier, whose work was done by hand, and goes on behind it.", needsReason: true, (stuck, run, by, reason, cancel) => stuck.SkipAsync(run, by, reason, cancel)),
        Decide(terminal, "abandon", "Closes the run as it stands; nothing more is ever reversed.", needsReason: true, (stuck, run, by, reason, cancel) => stuck.AbandonAsync(run, by, reason, cancel)),
    };

    private static Command List(Terminal terminal)
    {
        var status = new Option<string?>("--status") { Description = "Only runs of this status; otherwise the stuck ones, then the unfinished", HelpName = string.Join('|', s_statuses.Keys) };
        status.AcceptOnlyFromAmong([.. s_statuses.Keys]);
        var limit = new Option<int>("--limit") { Description = "How many of a status at most, the newest first", HelpName = "NUMBER", DefaultValueFactory = _ => 100 };
        Option<bool> json = Json();
        Option<string?> journal = Journal();
        var command = new Command("list", "Lists runs, stuck ones first.") { status, limit, journal, json };
        command.SetAction((parsed, cancel) => WithJournalAsync(terminal, parsed.GetValue(journal), async file =>
        {
            List<JournaledRun> runs = [];
            foreach (RunStatus wanted in parsed.GetValue(status) is { } name ? [s_statuses[name]] : new[] { RunStatus.Stuck, RunStatus.Unfinished })
            {
                runs.AddRange(await file.Runs.ListAsync(new RunQuery(wanted) { Limit = Math.Max(1, parsed.GetValue(limit)) }, cancel));
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
        Argument<string> id = Run();
        Option<bool> json = Json();
        Option<string?> journal = Journal();
        var command = new Command("show", "Shows everything that is recorded of a run.") { id, journal, json };
        command.SetAction((parsed, cancel) => WithJournalAsync(terminal, parsed.GetValue(journal), async file =>
        {
            string name = parsed.GetRequiredValue(id);
            JournaledRun run = await file.Runs.FindAsync(name, cancellationToken: cancel) ?? throw new UsageException($"There is no run '{name}' in the journal. 'ryuso runs list' shows which there are.");
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

    private static Command Decide(Terminal terminal, string verb, string description, bool needsReason, Func<StuckRunOperations, string, string, string, CancellationToken, Task> decide)
    {
        Argument<string> id = Run();
        Option<string?> journal = Journal();
        Option<bool> json = Json();
        var by = new Option<string>("--by") { Description = "Who decides; recorded", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
        var reason = new Option<string>("--reason") { Description = "Why; recorded", HelpName = "TEXT", Required = true };
        var command = new Command(verb, description) { id, journal, by, json };
        if (needsReason)
        {
            command.Add(reason);
        }

        command.SetAction((parsed, cancel) => WithJournalAsync(terminal, parsed.GetValue(journal), async file =>
        {
            string run = parsed.GetRequiredValue(id);
            string why = needsReason ? parsed.GetRequiredValue(reason) : "";
            if (needsReason && string.IsNullOrWhiteSpace(why))
            {
                throw new UsageException("--reason must not be empty.");
            }

            await decide(new StuckRunOperations(file), run, parsed.GetRequiredValue(by), why, cancel);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject { ["run_id"] = run, ["decided"] = verb });
            }
            else
            {
                terminal.Out.WriteLine($"Recorded: {verb} {run}. A running server carries it out within about a second, a stopped one at its next start.");
            }
        }));
        return command;
    }

    private static async Task<int> WithJournalAsync(Terminal terminal, string? named, Func<SqliteJournal, Task> act)
    {
        string path = Find(terminal, named);
        try
        {
            await using SqliteJournal journal = SqliteJournal.ForOperator(path);
            await journal.OpenAsync(CancellationToken.None);
            await act(journal);
            return ExitCodes.Good;
        }
        catch (JournalException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    private static string Find(Terminal terminal, string? named)
    {
        if (named is not null)
        {
            string path = terminal.FullPath(named);
            return File.Exists(path) ? path : throw new UsageException($"There is no journal '{named}'.");
        }

        string[] found = Directory.GetFiles(terminal.Folder, "*.ryuso.db");
        return found switch
        {
            [var one] => one,
            [] => throw new UsageException("There is no *.ryuso.db in this folder. Name the journal with --journal FILE."),
            _ => throw new UsageException($"There are {found.Length} journals in this folder: {string.Join(", ", found.Select(Path.GetFileName))}. Choose with --journal FILE."),
        };
    }

    private static Argument<string> Run() => new("RUN") { Description = "The run's id" };

    private static Option<string?> Journal() => new("--journal") { Description = "The journal; otherwise the one *.ryuso.db in this folder", HelpName = "FILE" };

    private static Option<bool> Json() => new("--json") { Description = "The result as JSON" };
}
