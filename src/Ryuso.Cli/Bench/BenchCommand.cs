using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Ryuso.Cli.Calls;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Ryuso.Protocol;
using Spectre.Console;

namespace Ryuso.Cli.Bench;

/// <summary><c>ryuso bench</c>: how much a server can take.</summary>
internal static class BenchCommand
{
    private const int MaxConnections = 1024;
    private const int MaxPipeline = 1024;
    private const int MaxSeconds = 600;
    private const int MaxRequests = 100_000_000;

    public static Command Create(Terminal terminal)
    {
        var program = new Argument<string>("PROGRAM") { Description = "The program; it really runs, so choose the server well" };
        var arguments = new Argument<string[]>("ARGUMENT") { Description = "name=value, as for 'call'; {n} in a text is the number of the request", Arity = ArgumentArity.ZeroOrMore };
        Option<int> connections = Number("--connections", "How many connections", 8, MaxConnections);
        Option<int> pipeline = Number("--pipeline", "How many requests each has in flight", 1, MaxPipeline);
        Option<int> duration = Number("--duration", "How many seconds", 5, MaxSeconds);
        Option<int?> requests = new("--requests") { Description = "How many requests, instead of a duration", HelpName = "NUMBER" };
        Limit(requests, "--requests", MaxRequests);
        var json = new Option<bool>("--json") { Description = "The result as JSON" };
        var server = new ServerOptions(10);
        var command = new Command("bench", "Loads a server and shows its throughput and latencies.") { program, arguments, connections, pipeline, duration, requests, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            string name = parsed.GetRequiredValue(program);
            JsonObject pool = await server.AskAsync(parsed, async (client, limit) =>
                await PoolArguments.ReadAsync(parsed.GetValue(arguments) ?? [], (await ServerDescription.AskAsync(client, limit)).Program(name), terminal, limit), cancel);
            var request = new JsonObject { ["program"] = name, ["data_pool"] = pool, ["id"] = 1 };
            if (server.TokenOf(parsed) is { } token)
            {
                request["auth"] = token;
            }

            ListenAddress address = server.Address(parsed);
            int width = parsed.GetValue(connections);
            List<Stream> streams = [];
            BenchResult result;
            try
            {
                while (streams.Count < width)
                {
                    streams.Add(await server.OpenAsync(parsed, cancel));
                }

                var budget = new LoadBudget(parsed.GetValue(requests), TimeSpan.FromSeconds(parsed.GetValue(duration)));
                var sent = new LoadRequest(request);
                List<LoadConnection> load = [.. streams.Select(s => new LoadConnection(s, sent, budget, parsed.GetValue(pipeline)))];

                // With a number of requests there is still a time beyond which nobody waits.
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(TimeSpan.FromSeconds((parsed.GetValue(requests) is null ? parsed.GetValue(duration) : MaxSeconds) + parsed.GetValue(server.Timeout)));
                await RunAsync(terminal, budget, Task.WhenAll(load.Select(c => Task.Run(() => c.RunAsync(limit.Token), limit.Token))), cancel);
                result = Sum(name, address, width, parsed.GetValue(pipeline), budget.Elapsed, load);
            }
            finally
            {
                streams.ForEach(s => s.Dispose());
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(BenchText.ToJson(result));
            }
            else
            {
                BenchText.Write(terminal, result);
            }

            return result.Failed + result.Rejected > 0 ? ExitCodes.Failed : ExitCodes.Good;
        });
        return command;
    }

    private static async Task RunAsync(Terminal terminal, LoadBudget budget, Task load, CancellationToken cancel)
    {
        try
        {
            if (terminal.IsErrorLive)
            {
                await terminal.ErrorScreen.Progress().AutoClear(true).StartAsync(async progress =>
                {
                    ProgressTask task = progress.AddTask("load", maxValue: 1);
                    while (await Task.WhenAny(load, Task.Delay(100, cancel)) != load)
                    {
                        task.Value = budget.Used;
                    }
                });
            }

            await load;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            throw new NoAnswerException($"A connection broke under load: {exception.Message}.");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new NoAnswerException("The server stopped answering under load.");
        }
    }

    private static BenchResult Sum(string program, ListenAddress server, int connections, int pipeline, TimeSpan elapsed, List<LoadConnection> load)
    {
        var latencies = new LatencyHistogram();
        load.ForEach(c => latencies.Add(c.Latencies));
        return new BenchResult(
            program, server.Text, connections, pipeline, elapsed, latencies,
            load.Sum(c => c.Succeeded), load.Sum(c => c.Failed), load.Sum(c => c.Rejected),
            load.Select(c => c.Complaint).FirstOrDefault(c => c is not null));
    }

    private static Option<int> Number(string name, string description, int standard, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "NUMBER", DefaultValueFactory = _ => standard };
        Limit(option, name, most);
        return option;
    }

    private static void Limit(Option option, string name, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int value) && (value < 1 || value > most))
        {
            result.AddError($"{name} is a number from 1 to {most}.");
        }
    });
}
