using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Ryuso.Cli.Bench;
using Ryuso.Cli.Calls;
using Ryuso.Cli.Check;
using Ryuso.Cli.Client;
using Ryuso.Cli.Graphs;
using Ryuso.Cli.Import;
using Ryuso.Cli.Output;
using Ryuso.Cli.Plans;
using Ryuso.Cli.Runs;
using Ryuso.Cli.Stubs;
using Ryuso.Spec.Text;

namespace Ryuso.Cli;

/// <summary>The tool: one command line in, an exit code out.</summary>
internal static class RyusoTool
{
    public static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Checks, explains and draws Ryuso specs, and talks to their servers.")
        {
            CheckCommand.Create(terminal),
            PlanCommand.Create(terminal),
            GraphCommand.Create(terminal),
            StubsCommand.Create(terminal),
            ImportPythonCommand.Create(terminal),
            CallCommand.Create(terminal),
            DescribeCommand.Create(terminal),
            PingCommand.Create(terminal),
            LanesCommand.Create(terminal),
            BenchCommand.Create(terminal),
            RunsCommand.Create(terminal),
            CompletionCommand.Create(terminal),
        };
        if (root.Options.OfType<HelpOption>().Single() is { Action: HelpAction help })
        {
            // As wide as all else; the library's own wrapping never ends in a terminal of few columns.
            help.MaxWidth = terminal.Screen.Profile.Width;
        }

        return root;
    }

    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancel)
    {
        // An argument that begins with @ is an argument, and no file of arguments: it may be somebody's token or reason.
        var parsing = new ParserConfiguration { ResponseFileTokenReplacer = null };
        RootCommand root = Create(terminal);
        ParseResult parsed = root.Parse(args, parsing);
        if (parsed.Action is ParseErrorAction && parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            // A command that only has commands below it: which, its help lists.
            parsed = root.Parse([.. args, "--help"], parsing);
        }

        if (parsed.Action is ParseErrorAction)
        {
            return WrongUsage(parsed, terminal, [.. Errors(parsed)]);
        }

        if (UnknownOption(parsed) is { } unknown)
        {
            return WrongUsage(parsed, terminal, unknown);
        }

        try
        {
            var streams = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(streams, cancel);
        }
        catch (UsageException exception)
        {
            await terminal.Error.WriteLineAsync("ryuso: " + exception.Message);
            return ExitCodes.Usage;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await terminal.Error.WriteLineAsync("ryuso: " + exception.Message);
            return ExitCodes.Usage;
        }
        catch (OutputLostException exception)
        {
            await terminal.Error.WriteLineAsync("ryuso: " + exception.Message);
            return ExitCodes.OutputLost;
        }
        catch (RejectedException exception)
        {
            await terminal.Error.WriteLineAsync($"ryuso: The server refused ({exception.Answer.ErrorCode}): {exception.Message}");
            return ExitCodes.Rejected;
        }
        catch (NoAnswerException exception)
        {
            await terminal.Error.WriteLineAsync("ryuso: " + exception.Message);
            return ExitCodes.NoAnswer;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Cancelled;
        }
    }

    private static int WrongUsage(ParseResult parsed, Terminal terminal, params string[] errors)
    {
        foreach (string error in errors)
        {
            terminal.Error.WriteLine("ryuso: " + error);
        }

        terminal.Error.WriteLine($"'{string.Join(' ', Names(parsed.CommandResult))} --help' shows how it is used.");
        return ExitCodes.Usage;
    }

    private static IEnumerable<string> Errors(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        return command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var name, ..]
            ? [$"There is no command '{name}'.{NearestName.DidYouMean(name, command.Subcommands.Select(c => c.Name))}"]
            : parsed.Errors.Select(e => e.Message).Distinct();
    }

    /// <summary>The parser takes a mistyped option for an argument where arguments may stand. An option's value may begin as it likes.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        HashSet<Token> values = new(parsed.CommandResult.Children.OfType<OptionResult>().SelectMany(o => o.Tokens), ReferenceEqualityComparer.Instance);
        Token? unknown = parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
            .FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.StartsWith("--", StringComparison.Ordinal) && !values.Contains(t));
        if (unknown is null)
        {
            return null;
        }

        string name = unknown.Value.Split('=')[0];
        return $"There is no option '{name}'.{NearestName.DidYouMean(name, parsed.CommandResult.Command.Options.Select(o => o.Name))}";
    }

    private static IEnumerable<string> Names(CommandResult result) =>
        result.Parent is CommandResult parent ? [.. Names(parent), result.Command.Name] : ["ryuso"];
}
