using System.CommandLine;
using System.CommandLine.Completions;
using Ryuso.Cli.Output;
using Ryuso.Sqlite;

namespace Ryuso.Cli.Runs;

/// <summary>The journal on the command line of what reads or decides runs.</summary>
internal sealed class JournalOption(Terminal terminal)
{
    private const int MaxCompleted = 100;

    public Option<string?> Journal { get; } = new("--journal") { Description = "The journal; otherwise the one *.ryuso.db in this folder", HelpName = "FILE" };

    /// <summary>A run's id, completed with the runs of these statuses.</summary>
    public Argument<string?> Run(ArgumentArity arity, params RunStatus[] statuses)
    {
        var run = new Argument<string?>("RUN") { Description = "The run's id", Arity = arity };
        run.CompletionSources.Add(context => CompleteAsync(context, statuses).GetAwaiter().GetResult());
        return run;
    }

    public async Task<int> WithJournalAsync(ParseResult parsed, Func<SqliteJournal, Task> act)
    {
        try
        {
            await using SqliteJournal journal = SqliteJournal.ForOperator(Find(parsed.GetValue(Journal)));
            await journal.OpenAsync(CancellationToken.None);
            await act(journal);
            return ExitCodes.Good;
        }
        catch (JournalException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    private async Task<List<string>> CompleteAsync(CompletionContext context, RunStatus[] statuses)
    {
        List<string> ids = [];
        try
        {
            await WithJournalAsync(context.ParseResult, async journal =>
            {
                foreach (RunStatus status in statuses)
                {
                    var query = new RunQuery(status) { Limit = MaxCompleted, IncludeEvents = false };
                    ids.AddRange((await journal.Runs.ListAsync(query)).Select(r => r.RunId));
                }
            });
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            // Nothing to offer, and no place to say why.
        }

        return ids;
    }

    private string Find(string? named)
    {
        if (named is not null)
        {
            string path = terminal.FullPath(named);
            return File.Exists(path) ? path : throw new UsageException($"There is no journal '{named}'.");
        }

        string[] found = Directory.GetFiles(terminal.Folder, "*.ryuso.db", Folders.Readable);
        return found switch
        {
            [var one] => one,
            [] => throw new UsageException("There is no *.ryuso.db in this folder. Name the journal with --journal FILE."),
            _ => throw new UsageException(
                $"There are {found.Length} journals in this folder: {string.Join(", ", found.Select(Path.GetFileName))}. Choose with --journal FILE."),
        };
    }
}
