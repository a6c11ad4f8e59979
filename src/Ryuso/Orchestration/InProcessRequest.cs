using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Orchestration;

/// <summary>Writes a call in process as the request that a client would send.</summary>
internal static class InProcessRequest
{
    /// <summary>False, with the reason, where a value of it cannot be JSON.</summary>
    public static bool TryWrite(
        string program,
        JsonObject? dataPool,
        CallOptions? options,
        [NotNullWhen(true)] out byte[]? request,
        [NotNullWhen(false)] out string? problem) =>
        TryWrite(program, dataPool is null ? null : writer => dataPool.WriteTo(writer), dataPool, options, out request, out problem);

    /// <summary>As above, of a pool that is one whole JSON object already: what is one cannot end the object that it stands in.</summary>
    public static bool TryWrite(
        string program,
        ReadOnlyMemory<byte> dataPool,
        CallOptions? options,
        [NotNullWhen(true)] out byte[]? request,
        [NotNullWhen(false)] out string? problem) =>
        TryWrite(program, writer => writer.WriteRawValue(dataPool.Span, skipInputValidation: true), null, options, out request, out problem);

    private static bool TryWrite(
        string program,
        Action<Utf8JsonWriter>? writePool,
        JsonObject? dataPool,
        CallOptions? options,
        [NotNullWhen(true)] out byte[]? request,
        [NotNullWhen(false)] out string? problem)
    {
        try
        {
            request = JsonBytes.Of(Write, JsonBytes.WriterOptions);
            problem = null;
            return true;
        }
        catch (Exception exception) when (IsUnwritable(exception))
        {
            request = null;
            problem = $"The program '{program}' cannot run: {FindProblem(dataPool) ?? FindProblem(options?.Metadata) ?? exception.Message}";
            return false;
        }

        void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("program"u8, program);
            if (writePool is not null)
            {
                writer.WritePropertyName("data_pool"u8);
                writePool(writer);
            }

            if (options?.Metadata is { } metadata)
            {
                writer.WritePropertyName("metadata"u8);
                metadata.WriteTo(writer);
            }

            if (options?.RunId is { } runId)
            {
                writer.WriteString("run_id"u8, runId);
            }

            if (options?.DeadlineMs is { } deadline)
            {
                writer.WriteNumber("deadline_ms"u8, deadline);
            }

            writer.WriteEndObject();
        }
    }

    private static bool IsUnwritable(Exception exception) =>
        exception is ArgumentException or InvalidOperationException or JsonException or NotSupportedException;

    private static string? FindProblem(JsonObject? variables)
    {
        foreach ((string name, JsonNode? value) in variables ?? [])
        {
            if (value is JsonValue number && number.TryGetValue(out double d) && !double.IsFinite(d))
            {
                return $"'{name}' must not be {d}: JSON has no such number.";
            }

            try
            {
                _ = value is null ? null : JsonBytes.Of(value);
            }
            catch (Exception exception) when (IsUnwritable(exception))
            {
                return $"'{name}' cannot be written as JSON: {exception.Message}";
            }
        }

        return null;
    }
}
