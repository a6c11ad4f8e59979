using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Values;

namespace Ryuso.Recording;

/// <summary>Tells whether two requests ask for the same: the program and the variables, in whatever order and spelling they came.</summary>
internal static class RequestFingerprint
{
    public static string Of(string program, PoolSlots slots)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonBytes.WriterOptions))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(program);
            foreach ((string name, JsonNode node) in Variables(slots).OrderBy(v => v.Name, StringComparer.Ordinal))
            {
                writer.WriteStringValue(name);
                Write(writer, node);
            }

            writer.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan).AsSpan(0, 16));
    }

    private static IEnumerable<(string Name, JsonNode Node)> Variables(PoolSlots slots)
    {
        for (int slot = 0; slot < slots.Count; slot++)
        {
            if (!slots.IsEngineOwned(slot) && slots[slot].ToNode() is { } node)
            {
                yield return (slots.NameOf(slot), node);
            }
        }

        foreach ((string name, PoolValue value) in slots.Others)
        {
            if (value.ToNode() is { } node)
            {
                yield return (name, node);
            }
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject dict:
                writer.WriteStartObject();
                foreach ((string name, JsonNode? value) in dict.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (JsonNode? item in list)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
