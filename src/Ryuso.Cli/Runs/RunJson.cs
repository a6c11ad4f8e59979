using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Cli.Runs;

/// <summary>Journaled runs for scripts.</summary>
internal static class RunJson
{
    /// <summary>For what is recorded: journals of older versions may hold values of any depth.</summary>
    public static readonly JsonDocumentOptions Reading = new() { MaxDepth = 1024 };

    public static JsonObject Of(JournaledRun run) => new()
    {
        ["run_id"] = run.RunId,
        ["program"] = run.Accepted.Program,
        ["status"] = RunNames.Of(run.Status),
        ["started_at"] = run.Accepted.StartedAt,
        ["keys"] = run.Accepted.Keys is { } keys ? new JsonArray([.. keys.Select(k => JsonValue.Create(k))]) : null,
        ["error"] = run.Error,
        ["cause"] = run.Cause,
    };

    public static JsonObject WithEvents(JournaledRun run)
    {
        RecordedSteps steps = RecordedSteps.Of(run.Accepted.Plan);
        JsonObject json = Of(run);
        json["answer"] = run.Answer is null ? null : JsonNode.Parse(run.Answer, documentOptions: Reading);
        json["events"] = new JsonArray([.. run.Events.Select(e => new JsonObject
        {
            ["time"] = e.Time,
            ["kind"] = RunNames.Of(e.Kind),
            ["step"] = e.Step,
            ["step_number"] = steps.Number(e),
            ["reference"] = e.Reference,
            ["attempt"] = e.Attempt == 0 ? null : e.Attempt,
            ["error"] = e.Error,
            ["reason"] = e.Reason,
            ["by"] = e.By,
            ["outcome"] = e.Kind == JournalEventKind.RunFinished ? RunNames.Of(e.Status) : null,
            ["pool_delta"] = e.PoolDelta is null ? null : JsonNode.Parse(e.PoolDelta, documentOptions: Reading),
        })]);
        return json;
    }
}
