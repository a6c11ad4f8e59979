using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Spectre.Console;

namespace Ryuso.Cli.Calls;

/// <summary><c>ryuso lanes</c>: who holds what, and who waits.</summary>
internal static class LanesCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "The server's own answer" };
        var server = new ServerOptions(5);
        var command = new Command("lanes", "Shows which runs are under way, who waits for which key, and which stuck runs keep keys.") { json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            JsonObject answer = await server.AskAsync(parsed, (client, limit) => client.GetLanesAsync(limit), cancel);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(answer);
            }
            else
            {
                Write(terminal, answer);
            }

            return ExitCodes.Good;
        });
        return command;
    }

    private static void Write(Terminal terminal, JsonObject answer)
    {
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Count(answer, "running", "run")} under way, {Number(answer, "waiting")} waiting, {Count(answer, "keys", "key")} in use"));
        Table(terminal, ["under way", "run", "for", "waited for by"], Items(answer, "runs").Select(run => new[]
        {
            Text(run, "program") + (Flag(run, "alone") ? " (alone)" : ""), Text(run, "run_id"), Time(run), Number(run, "waiting").ToString(CultureInfo.InvariantCulture),
        }));
        Table(terminal, ["key", "waiting", "first", "kept by the stuck"], Items(answer, "longest_queues").Select(key => new[]
        {
            Text(key, "key"), Number(key, "waiting").ToString(CultureInfo.InvariantCulture),
            key["first"] is JsonObject first ? $"{Text(first, "program")} {Text(first, "run_id")}".TrimEnd() : "",
            string.Join(", ", key["stuck_runs"]?.AsArray().Select(run => run?.ToString() ?? "") ?? []),
        }));
    }

    private static void Table(Terminal terminal, string[] heads, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        if (all.Count == 0)
        {
            return;
        }

        terminal.Out.WriteLine();
        var grid = new Grid();
        foreach (string _ in heads)
        {
            grid.AddColumn(new GridColumn().PadLeft(0).PadRight(2));
        }

        grid.AddRow([.. heads.Select(head => new Markup($"[grey]{Markup.Escape(head)}[/]"))]);
        foreach (string[] row in all)
        {
            grid.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        terminal.Screen.Write(grid);
    }

    private static IEnumerable<JsonObject> Items(JsonObject answer, string key) => (answer[key] as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(JsonObject json, string key) => json[key]?.ToString() ?? "";

    private static bool Flag(JsonObject json, string key) => json[key] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    private static long Number(JsonObject json, string key) => json[key] is JsonValue value && value.TryGetValue(out long number) ? number : 0;

    private static string Count(JsonObject json, string key, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{Number(json, key)} {what}{(Number(json, key) == 1 ? "" : "s")}");

    private static string Time(JsonObject run) => Number(run, "held_ms") switch
    {
        < 1000 and var held => string.Create(CultureInfo.InvariantCulture, $"{held} ms"),
        var held => string.Create(CultureInfo.InvariantCulture, $"{held / 1000.0:0.0} s"),
    };
}
