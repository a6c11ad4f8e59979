using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Ryuso.Cli.Plans;
using Ryuso.Protocol;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;
using Spectre.Console;

namespace Ryuso.Cli.Calls;

/// <summary><c>ryuso describe</c>: what a server offers.</summary>
internal static class DescribeCommand
{
    public static Command Create(Terminal terminal)
    {
        var program = new Argument<string?>("PROGRAM") { Description = "One program, with what its arguments are for", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "The server's own description" };
        var server = new ServerOptions(5);
        var command = new Command("describe", "Shows what a server offers.") { program, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            JsonObject answer = await server.AskAsync(parsed, (client, limit) => client.DescribeAsync(limit), cancel);
            ServerDescription description = ServerDescription.Read(answer) ?? throw new NoAnswerException("The server did not describe itself. It may be older than this tool.");
            string? name = parsed.GetValue(program);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(name is null ? answer : answer["programs"]![description.Program(name).Name]!.DeepClone());
            }
            else if (name is null)
            {
                WriteAll(terminal, description, server.Address(parsed));
            }
            else
            {
                WriteOne(terminal, description, description.Program(name));
            }

            return ExitCodes.Good;
        });
        return command;
    }

    private static void WriteAll(Terminal terminal, ServerDescription description, ListenAddress server)
    {
        string version = description.Version is null ? "" : " " + description.Version;
        terminal.Screen.MarkupLine($"[bold]{Markup.Escape(description.Name + version)}[/] at {Markup.Escape(server.Text)}");
        foreach (ProgramModel program in description.Programs)
        {
            terminal.Out.WriteLine();
            Grid grid = Table();
            grid.AddRow(new Markup($"[bold]{Markup.Escape(program.Name)}[/]"), new Text(program.Description ?? ""));
            if (ArgText.Held(description.Programs, program) is { } held)
            {
                grid.AddRow(new Text("  holds"), new Text(held));
            }

            grid.AddRow(new Text("  takes"), new Text(ArgText.Of(program.Args)));
            grid.AddRow(new Text("  gives"), new Text(ArgText.Of(program.Outputs)));
            terminal.Screen.Write(grid);
        }
    }

    private static void WriteOne(Terminal terminal, ServerDescription description, ProgramModel program)
    {
        terminal.Screen.MarkupLine($"[bold]{Markup.Escape(program.Name)}[/]  {Markup.Escape(program.Description ?? "")}".TrimEnd());
        if (ArgText.Held(description.Programs, program) is { } held)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine("holds " + held);
        }

        WriteArgs(terminal, "takes", program.Args);
        WriteArgs(terminal, "gives", program.Outputs);
    }

    private static void WriteArgs(Terminal terminal, string verb, EquatableArray<ArgModel> args)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(args.Count == 0 ? $"{verb} nothing" : verb);
        Grid grid = Table();
        foreach (ArgModel arg in args)
        {
            grid.AddRow(new Text("  " + ArgText.Of(arg)), new Text(arg.Description ?? ""));
        }

        terminal.Screen.Write(grid);
    }

    private static Grid Table() => new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn();
}
