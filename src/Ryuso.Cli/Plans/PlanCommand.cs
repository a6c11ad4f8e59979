using System.CommandLine;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;

namespace Ryuso.Cli.Plans;

/// <summary><c>ryuso plan</c>: how a program will run, and what is reversed when it fails.</summary>
internal static class PlanCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new SpecOptions(terminal);
        var json = new Option<bool>("--json") { Description = "The plan as JSON" };
        var command = new Command("plan", "Shows a program's steps in their order, and the way back from each.") { options.Program, options.Spec, json };
        command.SetAction(parsed =>
        {
            List<(LoadedSpec Spec, string Program)> chosen = options.Choose(parsed);
            if (chosen.Count == 0)
            {
                return ExitCodes.Failed;
            }

            if (parsed.GetValue(json))
            {
                List<JsonObject> plans = [.. chosen.Select(c => PlanJson.Of(c.Spec, PlanTree.Of(c.Spec, c.Program)))];
                terminal.WriteJson(parsed.GetValue(options.Program) is null ? new JsonArray([.. plans]) : plans[0]);
                return ExitCodes.Good;
            }

            for (int i = 0; i < chosen.Count; i++)
            {
                if (i > 0)
                {
                    terminal.Out.WriteLine();
                }

                PlanText.Write(terminal.Screen, PlanTree.Of(chosen[i].Spec, chosen[i].Program));
            }

            return ExitCodes.Good;
        });
        return command;
    }
}
