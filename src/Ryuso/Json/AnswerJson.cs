using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Json;

/// <summary>Reads answers, also those of a server that is none of ours.</summary>
internal static class AnswerJson
{
    // Hooks may nest their outputs deeper than requests may be.

    /// <summary>The answer without its <c>_id</c>.</summary>
    /// <exception cref="InvalidDataException">It is no JSON object.</exception>
    public static JsonObject Parse(byte[] answer)
    {
        try
        {
            if (JsonNode.Parse(answer, documentOptions: JsonDepth.Reading) is JsonObject json)
            {
                json.Remove("_id");
                return json;
            }
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException("The server's answer is not valid JSON.", exception);
        }

        throw new InvalidDataException("The server's answer is not a JSON object.");
    }

    public static bool Flag(JsonObject answer, string name) => answer[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    public static string? Text(JsonObject answer, string name) =>
        answer[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static long Number(JsonObject answer, string name) =>
        answer[name] is JsonValue value && value.TryGetValue(out long number) ? number : 0;

    public static IReadOnlyList<string> List(JsonObject answer, string name) =>
        answer[name] is JsonArray list ? [.. list.Select(item => item?.ToString() ?? "")] : [];
}
