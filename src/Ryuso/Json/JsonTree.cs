using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Json;

/// <summary>Reads lists and dicts whole and at once, so that what is wrong in them shows at the door and not in a hook.</summary>
internal static class JsonTree
{
    /// <exception cref="JsonException">A key stands twice, or a string is not valid Unicode.</exception>
    public static JsonNode? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var dict = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string key = reader.GetString()!;
                    reader.Read();
                    if (!dict.TryAdd(key, Read(ref reader)))
                    {
                        throw new JsonException($"duplicate key '{key}' in one object");
                    }
                }

                return dict;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Read(ref reader));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            case JsonTokenType.Number:
                // As an element it keeps its digits exactly as they were sent.
                return JsonValue.Create(JsonElement.ParseValue(ref reader));
            default:
                return null;
        }
    }
}
