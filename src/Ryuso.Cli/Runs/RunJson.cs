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
        RunTimeline? timeline = TimelineOf(run, out string? problem);
        JsonObject json = Of(run);
        json["answer"] = run.Answer is null ? null : JsonNode.Parse(run.Answer, documentOptions: Reading);
        json["steps"] = timeline is null ? null : new JsonArray([.. timeline.Steps.Select(Step)]);
        json["steps_problem"] = problem;
        json["events"] = new JsonArray([.. run.Events.Select(e => new JsonObject
        {
            ["time"] = e.Time,
            ["kind"] = RunNames.Of(e.Kind),
            ["step"] = e.Step,
            ["step_number"] = timeline?.NumberOf(e),
            ["reference"] = e.Reference,
            ["attempt"] = e.Attempt == 0 ? null : e.Attempt,
            ["error"] = e.Error,
            ["error_code"] = e.ErrorCode,
            ["reason"] = e.Reason,
            ["by"] = e.By,
            ["outcome"] = e.Kind == JournalEventKind.RunFinished ? RunNames.Of(e.Status) : null,
            ["pool_delta"] = e.PoolDelta is null ? null : JsonNode.Parse(e.PoolDelta, documentOptions: Reading),
        })]);
        return json;
    }

    /// <summary>Where the run stands; null, with the reason, where its record cannot be read: its events can still be shown.</summary>
    public static RunTimeline? TimelineOf(JournaledRun run, out string? problem)
    {
        try
        {
            problem = null;
            return RunTimeline.Of(run);
        }
        catch (JournalException exception)
        {
            problem = exception.Message;
            return null;
        }
    }

    private static JsonObject Step(RunTimelineStep step) => new()
    {
        ["step"] = step.Number,
        ["hook"] = step.Reference,
        ["is_dependency"] = step.IsDependency,
        ["progress"] = RunNames.Of(step.Progress),
        ["rectification"] = RunNames.Of(step.Rectification),
        ["attempts"] = step.Attempts == 0 ? null : step.Attempts,
        ["error"] = step.Error,
        ["started_at"] = step.StartedAt,
        ["ended_at"] = step.EndedAt,
        ["rectifiers"] = new JsonArray([.. step.Rectifiers.Select(r => new JsonObject
        {
            ["reference"] = r.Reference,
            ["progress"] = RunNames.Of(r.Progress),
            ["attempts"] = r.Attempts == 0 ? null : r.Attempts,
            ["error"] = r.Error,
            ["started_at"] = r.StartedAt,
            ["ended_at"] = r.EndedAt,
        })]),
    };
}
