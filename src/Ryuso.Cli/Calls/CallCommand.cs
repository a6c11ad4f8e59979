using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Ryuso.Cli.Plans;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Calls;

/// <summary><c>ryuso call</c>: runs a program on a server.</summary>
internal static class CallCommand
{
    public static Command Create(Terminal terminal)
    {
        var program = new Argument<string>("PROGRAM") { Description = "The program" };
        var arguments = new Argument<string[]>("ARGUMENT") { Description = "name=value, typed as the program declares it; - for a JSON object from the standard input", Arity = ArgumentArity.ZeroOrMore };
        var metadata = new Option<string[]>("--metadata") { Description = "Metadata of the run; can be repeated", HelpName = "name=value" };
        var id = new Option<string?>("--id") { Description = "Your own id of the run: with a journal, the same id never runs twice", HelpName = "ID" };
        var watch = new Option<bool>("--watch") { Description = "Tell meanwhile what is being waited for" };
        var spec = new Option<string?>("--spec") { Description = "The server's spec, for the timeline of a failed run; otherwise it is looked for in this folder and below it", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "The answer as it came" };
        var server = new ServerOptions(100);
        var command = new Command("call", "Runs a program on a server and shows its outputs, or what happened.") { program, arguments, metadata, id, watch, spec, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            string name = parsed.GetRequiredValue(program);
            JsonObject meta = PoolArguments.Metadata(parsed.GetValue(metadata) ?? []);
            var progress = new CallProgress(terminal, server.Address(parsed), parsed.GetValue(watch));
            (ServerDescription described, Answer answer) = await server.AskAsync(parsed, async (client, limit) =>
            {
                ServerDescription offers = await ServerDescription.AskAsync(client, limit);
                progress.Connected();
                JsonObject pool = await PoolArguments.ReadAsync(parsed.GetValue(arguments) ?? [], offers.Program(name), terminal, limit);
                var options = new CallOptions { RunId = parsed.GetValue(id), Metadata = meta };
                return (offers, new Answer(await progress.WaitAsync(RunAsync(client, name, pool, options, limit))));
            }, cancel);
            try
            {
                if (parsed.GetValue(json))
                {
                    terminal.WriteJson(answer.Json);
                }
                else
                {
                    PlanTree? tree = answer.Failed && !answer.Rejected ? FindPlan(terminal, described, name, parsed.GetValue(spec)) : null;
                    CallText.Write(terminal, name, answer, tree);
                }
            }
            catch (OutputLostException lost) when (answer.ExitCode != ExitCodes.Good)
            {
                terminal.Error.WriteLine("ryuso: " + lost.Message);
            }

            return answer.ExitCode;
        });
        return command;
    }

    /// <summary>However it ended, the answer as it came: what there is to say of a failure is said from it.</summary>
    private static async Task<JsonObject> RunAsync(RyusoClient client, string program, JsonObject pool, CallOptions options, CancellationToken cancel)
    {
        try
        {
            return await client.RunAsync(program, pool, options, cancel);
        }
        catch (ProgramFailedException failed)
        {
            return failed.Answer;
        }
        catch (RequestRejectedException rejected)
        {
            return rejected.Answer;
        }
    }

    /// <summary>The plan that the server has, if its spec is at hand: of the same name, with the same program.</summary>
    private static PlanTree? FindPlan(Terminal terminal, ServerDescription server, string program, string? file)
    {
        // The run has ended: whatever the search meets, the outcome is reported.
        try
        {
            foreach (LoadedSpec spec in SpecSearch.Find(terminal, file is null ? [] : [file]).Select(LoadedSpec.Read))
            {
                if (spec.Result.Model is { } model && model.Name == server.Name && spec.Plan(program) is not null && IsSame(model.Programs.First(p => p.Name == program), server.Program(program)))
                {
                    return PlanTree.Of(spec, program);
                }
            }
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            if (file is not null)
            {
                terminal.Error.WriteLine($"ryuso: Without the spec there is no timeline. {exception.Message}");
            }
        }

        return null;
    }

    private static bool IsSame(ProgramModel here, ProgramModel there) =>
        here.Args.Select(a => a.Name).SequenceEqual(there.Args.Select(a => a.Name)) && here.Outputs.Select(o => o.Name).SequenceEqual(there.Outputs.Select(o => o.Name));
}
