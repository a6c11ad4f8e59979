using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Ryuso.AspNetCore;

/// <summary>An answer of RFC 9457.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">What follows <c>urn:ryuso:</c>.</param>
/// <param name="Detail">What is wrong and what to do.</param>
internal sealed record Problem(int Status, string Type, string Detail)
{
    // As all answers: escaped only as JSON requires. The media type keeps browsers from reading it as HTML.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Why, for programs; the type with underscores where it is not set.</summary>
    public string? Code { get; init; }

    public string? Program { get; init; }

    public string? RunId { get; init; }

    /// <summary>Whether the same request may do well a moment later.</summary>
    public bool CanRetry { get; init; }

    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>What a run that failed says of itself; null where nothing ran.</summary>
    public ProgramResult? Run { get; init; }

    public async Task WriteAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (CanRetry)
        {
            response.Headers.RetryAfter = "1";
        }

        var body = new ArrayBufferWriter<byte>();
        Write(body);
        await response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    private void Write(IBufferWriter<byte> body)
    {
        using var writer = new Utf8JsonWriter(body, s_options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "urn:ryuso:" + Type);
        writer.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(Status));
        writer.WriteNumber("status"u8, Status);
        writer.WriteString("detail"u8, Detail);
        writer.WriteString("code"u8, Code ?? Type.Replace('-', '_'));
        WriteOptional(writer, "program", Program);
        WriteOptional(writer, "run_id", RunId);
        if (Errors is not null)
        {
            writer.WriteStartObject("errors"u8);
            foreach ((string name, string[] problems) in Errors)
            {
                WriteList(writer, name, problems);
            }

            writer.WriteEndObject();
        }

        if (Run is not null)
        {
            WriteOptional(writer, "failed", Run.LastFailed);
            WriteList(writer, "rectified", Run.Rectified);
            WriteList(writer, "unrectified", Run.Unrectified);
        }

        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
