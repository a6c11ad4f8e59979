using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Orchestration;

/// <summary>Writes an untyped in-process call as the request that a client would send.</summary>
internal static class InProcessRequest
{
    /// <summary>False, with the reason, where a value of it cannot be JSON.</summary>
    public static bool TryWrite(
        string program,
        JsonObject? dataPool,
        JsonObject? metadata,
        string? runId,
        int? deadlineMs,
        [NotNullWhen(true)] out byte[]? request,
        [NotNullWhen(false)] out string? problem)
    {
        try
        {
            JsonObject json = new() { ["program"] = program };
            if (dataPool is not null)
            {
                json["data_pool"] = dataPool.DeepClone();
            }

            if (metadata is not null)
            {
                json["metadata"] = metadata.DeepClone();
            }

            if (runId is not null)
            {
                json["run_id"] = runId;
            }

            if (deadlineMs is { } milliseconds)
            {
                json["deadline_ms"] = milliseconds;
            }

            request = JsonBytes.Of(json);
            problem = null;
            return true;
        }
        catch (Exception exception) when (IsUnwritable(exception))
        {
            request = null;
            problem = $"The program '{program}' cannot run: {FindProblem(dataPool) ?? FindProblem(metadata) ?? exception.Message}";
            return false;
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
