using Microsoft.AspNetCore.Http;
using Ryuso.Definitions;

namespace Ryuso.AspNetCore;

/// <summary>Runs one program for each POST.</summary>
internal sealed class ProgramEndpoint(Orchestrator orchestrator, ProgramDefinition program, RyusoHttpOptions options, int maxBytes)
{
    public async Task HandleAsync(HttpContext context)
    {
        Problem? problem = ReadRunId(context, out string? runId);
        if (runId is not null)
        {
            context.Response.Headers["Ryuso-Run-Id"] = runId;
        }

        ReadOnlyMemory<byte> pool = default;
        if (problem is null)
        {
            (pool, problem) = await PoolBody.ReadAsync(context, maxBytes).ConfigureAwait(false);
            problem ??= PoolBody.FindMagic(pool.Span, program);
        }

        if (problem is not null)
        {
            await (problem with { Program = program.Name, RunId = runId }).WriteAsync(context).ConfigureAwait(false);
            return;
        }

        var call = new CallOptions { RunId = runId, Metadata = options.Metadata?.Invoke(context) };
        JsonAnswer answer = await orchestrator.RunJsonAsync(program.Name, pool, call, context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, answer).ConfigureAwait(false);
    }

    private async Task WriteAsync(HttpContext context, JsonAnswer answer)
    {
        HttpResponse response = context.Response;
        if (answer.RunId is not null)
        {
            response.Headers["Ryuso-Run-Id"] = answer.RunId;
        }

        if (answer.Origin == JsonAnswerOrigin.Record)
        {
            response.Headers["Idempotent-Replayed"] = "true";
        }

        if (!answer.IsSuccess)
        {
            await Problems.Of(answer, program.Name).WriteAsync(context).ConfigureAwait(false);
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = answer.Json.Length;
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync(answer.Json, context.RequestAborted).ConfigureAwait(false);
    }

    private Problem? ReadRunId(HttpContext context, out string? runId)
    {
        runId = null;
        if (!IdempotencyKey.TryRead(context.Request.Headers[IdempotencyKey.Header], out string? key, out string? malformed))
        {
            return new Problem(400, "bad-request", malformed!);
        }

        if (key is null)
        {
            return options.RequiresIdempotencyKey
                ? new Problem(400, "key-required", $"Send the header '{IdempotencyKey.Header}' with an id of your own for this request.")
                : null;
        }

        if (!orchestrator.HasJournal)
        {
            // To run without what was asked for would be to run twice when it is asked again.
            return new Problem(400, "key-unsupported", $"The server has no journal, so it cannot honour '{IdempotencyKey.Header}'. Leave the header out, or give the server a journal.");
        }

        string id = options.Caller?.Invoke(context) is { } caller ? $"{Uri.EscapeDataString(caller)}:{key}" : key;
        if (id.Length > IdempotencyKey.MaxLength)
        {
            return new Problem(400, "bad-request", $"'{IdempotencyKey.Header}' is too long: with the caller's name it may have {IdempotencyKey.MaxLength} characters.");
        }

        runId = id;
        return null;
    }
}
