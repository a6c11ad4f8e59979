using System.Text.Json.Nodes;
using Ryuso;

namespace Typed;

/// <summary>Gives back what it gets, and notes everything that a hook can see of the pool.</summary>
public sealed partial class Echo
{
    private static readonly string[] s_variables =
        ["text", "count", "rate", "flag", "optional_text", "optional_count", "optional_rate", "default_text", "default_rate", "_user", "items", "meta", "_agent"];

    /// <summary>What the hooks saw.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>Waits before it goes on, so that runs end asynchronously.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public async partial Task Note(TypedPool pool)
    {
        foreach (string name in s_variables)
        {
            JsonNode? node = pool[name];
            Seen.Add($"{name}: {node?.ToJsonString()} {node?.GetValueKind()} {(node as JsonValue)?.TryGetValue<long>(out _)} {string.Join(",", (node as JsonArray)?.Select(Kinds) ?? [])}");
        }

        await Gate;
    }

    public partial void Noted() => Seen.Add("rectified");

    public partial ScalarsOutputs Scalars(ScalarsArgs args)
    {
        Seen.Add(args.ToString());
        return args.Text == "throw" ? throw new HookFailedException("no")
            : new(args.Text == "half" ? "\uD800" : args.Text + "é\"", args.Count, args.Flag ? args.Rate : args.Count);
    }

    public static partial HookResult Nested(NestedArgs args, TypedPool pool)
    {
        pool.OutMeta = pool.Meta is null ? null : new JsonObject { ["copy"] = pool.Meta.DeepClone(), ["count"] = args.Items.Count, ["half"] = 0.5 };
        return args.Items.Count == 3 ? HookResult.Fail("three") : HookResult.Ok;
    }

    public static partial HookResult WantsInt(TypedPool pool) => pool["rate"] is JsonValue rate && rate.TryGetValue(out long _) ? HookResult.Ok : HookResult.Fail("no int");

    private static string Kinds(JsonNode? node) => node is JsonValue value
        ? $"{value.TryGetValue<int>(out _)}{value.TryGetValue<long>(out _)}{value.TryGetValue<double>(out _)}{value.TryGetValue<string>(out _)}"
        : node?.GetType().Name ?? "null";
}
