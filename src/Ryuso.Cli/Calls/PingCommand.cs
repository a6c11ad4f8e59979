using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;

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
            double milliseconds = await server.AskAsync(parsed, PingAsync, cancel);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new JsonObject { ["server"] = server.Address(parsed).Text, ["well"] = true, ["milliseconds"] = Math.Round(milliseconds, 3) });
            }
            else
            {
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{server.Address(parsed).Text} is well; it answered within {milliseconds:0.00} ms."));
            }

            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>The second question on a connection: the first also pays for what is done once.</summary>
    private static async Task<double> PingAsync(RyusoClient client, CancellationToken cancel)
    {
        await client.PingAsync(cancel);
        long began = Stopwatch.GetTimestamp();
        await client.PingAsync(cancel);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
