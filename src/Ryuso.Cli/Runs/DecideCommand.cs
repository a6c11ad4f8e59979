using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Sqlite;

namespace Ryuso.Cli.Runs;

/// <summary>An operator's decision on a stuck run, or on all of them.</summary>
internal sealed class DecideCommand
{
    private readonly Terminal _terminal;
    private readonly JournalOption _journal;
    private readonly Option<bool> _json = new("--json") { Description = "Prints the result as JSON" };
    private readonly Option<string> _by = new("--by")
    {
        Description = "Who decides; recorded",
        HelpName = "NAME",
        DefaultValueFactory = _ => Environment.UserName,
    };

    private DecideCommand(Terminal terminal)
    {
        _terminal = terminal;
        _journal = new JournalOption(terminal);
    }

    private delegate Task Decision(StuckRunOperations stuck, string run, string by, CancellationToken cancel);

    public static Command Retry(Terminal terminal) => new DecideCommand(terminal).ForOneOrAll();

    public static Command Skip(Terminal terminal) => new DecideCommand(terminal).WithReason(
        "skip",
        "Passes over the failed rectifier, whose work was done by hand, and continues after it.",
        (stuck, run, by, reason, cancel) => stuck.SkipAsync(run, by, reason, cancel));

    public static Command Abandon(Terminal terminal) => new DecideCommand(terminal).WithReason(
        "abandon",
        "Closes the run as it stands; nothing more is ever reversed.",
        (stuck, run, by, reason, cancel) => stuck.AbandonAsync(run, by, reason, cancel));

    private Command ForOneOrAll()
    {
        Argument<string?> id = _journal.Run(ArgumentArity.ZeroOrOne, RunStatus.Stuck);
        var all = new Option<bool>("--all") { Description = "Every run that is stuck now" };
        var command = new Command("retry", "Runs the failed rectifier again and continues from there.") { id, all, _journal.Journal, _by, _json };
        command.SetAction((parsed, cancel) =>
        {
            string? run = parsed.GetValue(id);
            return (run is null) == parsed.GetValue(all)
                ? DecideAsync("retry", parsed, run, (stuck, one, by, token) => stuck.RetryAsync(one, by, token), cancel)
                : throw new UsageException("Name one run, or write --all for every stuck run.");
        });
        return command;
    }

    private Command WithReason(string verb, string description, Func<StuckRunOperations, string, string, string, CancellationToken, Task> decide)
    {
        Argument<string?> id = _journal.Run(ArgumentArity.ExactlyOne, RunStatus.Stuck);
        var reason = new Option<string>("--reason") { Description = "Why; recorded", HelpName = "TEXT", Required = true };
        var command = new Command(verb, description) { id, _journal.Journal, _by, reason, _json };
        command.SetAction((parsed, cancel) =>
        {
            string why = parsed.GetRequiredValue(reason);
            return string.IsNullOrWhiteSpace(why)
                ? throw new UsageException("--reason must not be empty.")
                : DecideAsync(verb, parsed, parsed.GetValue(id), (stuck, run, by, token) => decide(stuck, run, by, why, token), cancel);
        });
        return command;
    }

    private Task<int> DecideAsync(string verb, ParseResult parsed, string? run, Decision decide, CancellationToken cancel)
    {
        string by = parsed.GetRequiredValue(_by);
        if (string.IsNullOrWhiteSpace(by))
        {
            throw new UsageException("--by must not be empty.");
        }

        return _journal.WithJournalAsync(parsed, async journal =>
        {
            var stuck = new StuckRunOperations(journal);
            List<string> decided = [];
            foreach (string id in run is null ? await StuckAsync(journal, cancel) : [run])
            {
                try
                {
                    await decide(stuck, id, by, cancel);
                    decided.Add(id);
                }
                catch (JournalException exception) when (run is null)
                {
                    // Somebody else was faster; the others are still to be decided.
                    _terminal.Error.WriteLine("ryuso: " + exception.Message);
                }
            }

            Report(verb, parsed, run is null, decided);
        });
    }

    private static async Task<List<string>> StuckAsync(SqliteJournal journal, CancellationToken cancel)
    {
        List<string> ids = [];
        var query = new RunQuery(RunStatus.Stuck) { Limit = 1000, IncludeEvents = false };
        while (await journal.Runs.ListAsync(query, cancel) is { Count: > 0 } page)
        {
            ids.AddRange(page.Select(r => r.RunId));
            query = query with { Before = page[^1].Position };
        }

        return ids;
    }

    private void Report(string verb, ParseResult parsed, bool isAll, List<string> decided)
    {
        const string When = "A running server carries it out within about a second, a stopped one at its next start.";
        if (parsed.GetValue(_json))
        {
            List<JsonObject> decisions = [.. decided.Select(id => new JsonObject { ["run_id"] = id, ["decided"] = verb })];
            _terminal.WriteJson(isAll ? new JsonArray([.. decisions]) : decisions[0]);
        }
        else if (isAll)
        {
            string runs = decided.Count == 1 ? "1 run" : string.Create(CultureInfo.InvariantCulture, $"{decided.Count} runs");
            _terminal.Out.WriteLine(decided.Count == 0 ? "No run is stuck." : $"Recorded: {verb} {runs}. {When}");
        }
        else
        {
            _terminal.Out.WriteLine($"Recorded: {verb} {VisibleText.Line(decided[0])}. {When}");
        }
    }
}
