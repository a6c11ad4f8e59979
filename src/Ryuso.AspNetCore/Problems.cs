using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.AspNetCore;

/// <summary>Says in HTTP how a run did not succeed.</summary>
internal static class Problems
{
    // Hooks may nest their outputs deeper than requests may be.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 1000 };

    public static Problem Of(JsonAnswer answer, string program)
    {
        var result = new ProgramResult((JsonObject)JsonNode.Parse(answer.Json.Span, documentOptions: s_options)!);
        string detail = result.Error ?? "The run failed.";
        Problem problem = answer.Origin switch
        {
            JsonAnswerOrigin.Run or JsonAnswerOrigin.Record => OfRun(result, detail),
            JsonAnswerOrigin.RunIdReused => new Problem(422, "key-reused", detail),
            JsonAnswerOrigin.Unfinished => new Problem(409, "in-progress", detail) { CanRetry = true },
            JsonAnswerOrigin.JournalUnavailable => new Problem(503, "journal-failed", detail) { CanRetry = true },
            JsonAnswerOrigin.OutcomeUnknown => new Problem(500, "outcome-unknown", detail),
            _ => OfRejection(result.ErrorCode ?? "internal", detail),
        };
        return problem with { Program = program, RunId = answer.RunId, Errors = answer.ArgumentProblems };
    }

    private static Problem OfRun(ProgramResult run, string detail)
    {
        string type = run.IsStuck ? "stuck" : "failed";
        return new Problem(run.IsStuck || IsFault(run.ErrorCode) ? 500 : 422, type, detail) { Code = run.ErrorCode ?? type, Run = run };
    }

    /// <summary>Whether a code is one of the engine's for what no hook meant to happen.</summary>
    private static bool IsFault(string? code) => code is null or "threw" or "timed_out" or "invalid_arguments" or "invalid_outputs" or "interrupted";

    private static Problem OfRejection(string code, string detail)
    {
        int status = code switch
        {
            "invalid_arguments" or "bad_request" => 400,
            "unknown_program" => 404,
            "quarantined" => 409,
            "too_large" => 413,
            "busy" or "shutting_down" or "timeout" => 503,
            _ => 500,
        };
        return new Problem(status, code.Replace('_', '-'), detail) { Code = code, CanRetry = status == 503 };
    }
}
