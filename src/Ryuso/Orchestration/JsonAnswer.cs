using System.ComponentModel;
using System.Text.Json;
using Ryuso.Values;

namespace Ryuso;

/// <summary>How a run ended, as the bytes of its answer, for gateways of other protocols.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed class JsonAnswer
{
    internal JsonAnswer(ReadOnlyMemory<byte> json, JsonAnswerOrigin origin, string? runId, IReadOnlyDictionary<string, string[]>? argumentProblems)
    {
        Json = json;
        Origin = origin;
        RunId = runId;
        ArgumentProblems = argumentProblems;
        IsSuccess = origin is JsonAnswerOrigin.Run or JsonAnswerOrigin.Record && !HasFailed(json.Span);
    }

    /// <summary>One JSON object in UTF-8: the outputs, and on failure the magic variables.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Where the answer comes from.</summary>
    public JsonAnswerOrigin Origin { get; }

    /// <summary>The run's id; null where nothing ran and the caller gave none.</summary>
    public string? RunId { get; }

    /// <summary>Whether the run succeeded, now or when it was recorded.</summary>
    public bool IsSuccess { get; }

    /// <summary>What is wrong with each argument, by its name, where the request was refused for them; null otherwise.</summary>
    public IReadOnlyDictionary<string, string[]>? ArgumentProblems { get; }

    private static bool HasFailed(ReadOnlySpan<byte> json)
    {
        // Hooks may nest their outputs deeper than requests may be.
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1000 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(ReservedNames.ProgramFail))
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
