using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Cli.Runs;

/// <summary>Journaled runs for scripts.</summary>
internal static class RunJson
{
    public static JsonObject Of(JournaledRun run) => new()
    {
        ["run_id"] = run.RunId,
        ["program"] = run.Accepted.Program,
        ["status"] = RunText.Of(run.Status),
        ["started_at"] = run.Accepted.StartedAt,
        ["keys"] = run.Accepted.Keys is { } keys ? new JsonArray([.. keys.Select(k => JsonValue.Create(k))]) : null,
        ["error"] = run.Error,
        ["cause"] = run.Cause,
    };

    public static JsonObject WithEvents(JournaledRun run)
    {
        JsonObject json = Of(run);
        json["answer"] = run.Answer is null ? null : JsonNode.Parse(run.Answer, documentOptions: JsonDepth.Reading);
        json["events"] = new JsonArray([.. run.Events.Select(e => new JsonObject
        {
            ["time"] = e.Time,
            ["kind"] = RunText.Of(e.Kind),
            ["step"] = e.Step,
            ["reference"] = e.Reference,
            ["attempt"] = e.Attempt == 0 ? null : e.Attempt,
            ["error"] = e.Error,
            ["reason"] = e.Reason,
            ["by"] = e.By,
            ["outcome"] = e.Kind == JournalEventKind.RunFinished ? RunText.Of(e.Status) : null,
            ["pool_delta"] = e.PoolDelta is null ? null : JsonNode.Parse(e.PoolDelta, documentOptions: JsonDepth.Reading),
        })]);
        return json;
    }
}
