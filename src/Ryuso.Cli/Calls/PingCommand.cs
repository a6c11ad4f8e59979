using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;

namespace Ryuso.Cli.Calls;

/// <summary><c>ryuso ping</c>: is a server well?</summary>
internal static class PingCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "The result as JSON" };
        var server = new ServerOptions(5);
        var command = new Command("ping", "Tells whether a server is well.") { json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            (Answer answer, double milliseconds) = await server.AskAsync(parsed, PingAsync, cancel);
            if (answer.Rejected)
            {
                throw new RejectedException(answer);
            }

            if (answer.Json["_pong"] is null)
            {
                throw new NoAnswerException($"{server.Endpoint(parsed)} answered, but not as a Ryuso server that knows 'ping'.");
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject { ["server"] = server.Endpoint(parsed).ToString(), ["well"] = true, ["milliseconds"] = Math.Round(milliseconds, 3) });
            }
            else
            {
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{server.Endpoint(parsed)} is well; it answered within {milliseconds:0.00} ms."));
            }

            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>The second question on a connection: the first also pays for what is done once.</summary>
    private static async Task<(Answer Answer, double Milliseconds)> PingAsync(WireClient client, CancellationToken cancel)
    {
        var first = new Answer(await client.AskAsync("ping", cancel));
        if (first.Rejected)
        {
            return (first, 0);
        }

        long began = Stopwatch.GetTimestamp();
        var answer = new Answer(await client.AskAsync("ping", cancel));
        return (answer, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }
}
