using System.Text.Json.Nodes;
using Ryuso.Cli.Specs;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Plans;

/// <summary>A plan for scripts.</summary>
internal static class PlanJson
{
    public static JsonObject Of(LoadedSpec spec, PlanTree tree) => new()
    {
        ["spec"] = spec.Model.Name,
        ["program"] = tree.Program.Name,
        ["description"] = tree.Program.Description,
        ["key"] = tree.Program.Key is { } key ? new JsonArray([.. key.Select(name => (JsonNode)name)]) : null,
        ["when_stuck"] = tree.Program.IsHeldWhenStuck ? "hold" : "go_on",
        ["args"] = Args(tree.Program.Args),
        ["outputs"] = Args(tree.Program.Outputs),
        ["steps"] = new JsonArray([.. Steps(spec.Model, tree.Nodes, null, [])]),
        ["ways_back"] = new JsonArray([.. tree.WaysBack().Select(WayBack)]),
    };

    private static JsonObject Args(IEnumerable<ArgModel> args)
    {
        var json = new JsonObject();
        foreach (ArgModel arg in args)
        {
            var one = new JsonObject { ["type"] = ArgText.Type(arg.Type), ["required"] = arg.Required };
            if (arg.Default is not null)
            {
                one["default"] = JsonNode.Parse(arg.Default);
            }

            json[arg.Name] = one;
        }

        return json;
    }

    private static IEnumerable<JsonObject> Steps(SpecModel model, IEnumerable<PlanNode> nodes, PlanNode? owner, string[] within)
    {
        foreach (PlanNode node in nodes)
        {
            string[] inside = node.Hook is null ? [.. within, node.Reference] : within;
            foreach (JsonObject below in Steps(model, node.Children, node.Hook is null ? owner : node, inside))
            {
                yield return below;
            }

            if (node.Hook is { } hook)
            {
                HookTarget target = SpecNaming.Target(model, hook);
                yield return new JsonObject
                {
                    ["step"] = node.Step,
                    ["hook"] = node.Reference,
                    ["method"] = $"{target.FullClass}.{target.Method}",
                    ["dependency_of"] = owner is null ? null : owner.Step,
                    ["within"] = References(within),
                    ["attempts"] = hook.Attempts,
                    ["retry_delay_ms"] = hook.RetryDelayMs,
                    ["backoff"] = hook.Backoff is not { } backoff ? null : new JsonObject
                    {
                        ["factor"] = backoff.Factor,
                        ["max_delay_ms"] = backoff.MaxDelayMs,
                        ["jitter"] = backoff.HasJitter,
                    },
                    ["timeout_ms"] = hook.TimeoutMs,
                    ["rectify_self"] = hook.RectifySelf,
                    ["rectifiers"] = References(node.Rectifiers.Select(r => r.Reference)),
                };
            }
        }
    }

    private static JsonObject WayBack(WayBack way) => new()
    {
        ["at"] = way.Point switch
        {
            FailurePoint.Step => "step",
            FailurePoint.ProgramArgs => "program_args",
            FailurePoint.ProgramOutputs => "program_outputs",
            _ => "outputs",
        },
        ["step"] = way.Point == FailurePoint.Step ? way.At!.Step : null,
        ["reference"] = way.At?.Reference,
        ["reversed"] = new JsonArray([.. way.Reversed.Select(step => new JsonObject
        {
            ["step"] = step.Step,
            ["hook"] = step.Reference,
            ["rectifiers"] = References(step.Rectifiers.Select(r => r.Reference)),
        })]),
    };

    private static JsonArray References(IEnumerable<string> references) => new([.. references.Select(r => JsonValue.Create(r))]);
}
