using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Client;

/// <summary>What a server offers, as it describes itself.</summary>
internal sealed record ServerDescription(string Name, string? Version, IReadOnlyList<ProgramModel> Programs)
{
    public static async Task<ServerDescription> AskAsync(RyusoClient client, CancellationToken cancel) =>
        Read(await client.DescribeAsync(cancel)) ?? throw new NoAnswerException("The server did not describe itself. It may be older than this tool.");

    public static ServerDescription? Read(JsonObject json)
    {
        if (json["name"]?.ToString() is not { } name || json["programs"] is not JsonObject programs)
        {
            return null;
        }

        return new ServerDescription(name, json["version"]?.ToString(), [.. programs.Where(p => p.Value is JsonObject).Select(p => Program(p.Key, p.Value!.AsObject()))]);
    }

    public ProgramModel Program(string name) => Programs.FirstOrDefault(p => p.Name == name)
        ?? throw new UsageException($"The server has no program '{name}'.{Spec.Text.NearestName.DidYouMean(name, Programs.Select(p => p.Name))}");

    private static ProgramModel Program(string name, JsonObject json) =>
        new(name, json["description"]?.ToString(), default, new(Args(json["args"])), new(Args(json["outputs"])))
        {
            Key = json["key"] is JsonArray key ? new EquatableArray<string>(key.Select(k => k?.ToString() ?? "")) : null,
            IsHeldWhenStuck = json["when_stuck"]?.ToString() != "go_on",
        };

    private static IEnumerable<ArgModel> Args(JsonNode? json) => (json as JsonObject ?? []).Where(a => a.Value is JsonObject).Select(a => new ArgModel(
        a.Key,
        a.Value!["type"]?.ToString() switch
        {
            "int" => SpecType.Int,
            "float" => SpecType.Float,
            "bool" => SpecType.Bool,
            "list" => SpecType.List,
            "dict" => SpecType.Dict,
            _ => SpecType.String,
        },
        a.Value["description"]?.ToString(),
        a.Value["default"]?.ToJsonString(),
        a.Value["required"] is JsonValue required && required.TryGetValue(out bool isRequired) && isRequired));
}

/// <summary>The server refused.</summary>
internal sealed class RejectedException(Answer answer) : Exception(answer.Error)
{
    public Answer Answer { get; } = answer;
}
