using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Values;

/// <summary>A list or dict of a request, checked and kept as the text that it is: whoever wants a tree of it gets one of his own.</summary>
[DebuggerDisplay("{_utf8.Length} bytes")]
internal sealed class JsonFragment
{
    private static readonly JsonDocumentOptions s_documentOptions = new() { MaxDepth = JsonDepth.MaxValue };
    private static readonly JsonReaderOptions s_readerOptions = new() { MaxDepth = JsonDepth.MaxValue };

    private readonly byte[] _utf8;

    private JsonFragment(byte[] utf8) => _utf8 = utf8;

    /// <summary>Reads the value at the reader's token and leaves the reader on its last token.</summary>
    /// <param name="reader">Reads the source.</param>
    /// <param name="source">All of what the reader reads.</param>
    /// <exception cref="JsonException">It is no JSON, or a key stands twice in one dict.</exception>
    /// <exception cref="InvalidOperationException">A string holds half of a surrogate pair.</exception>
    public static JsonFragment Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        int start = (int)reader.TokenStartIndex;
        new JsonCheck(source).Check(ref reader);
        return new JsonFragment(source[start..(int)reader.BytesConsumed].ToArray());
    }

    /// <summary>The text.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Makes a tree. A number keeps its digits exactly as they were sent.</summary>
    public JsonNode ToNode() => JsonNode.Parse(_utf8, documentOptions: s_documentOptions)!;

    /// <summary>Writes the value without the white space that it came with.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        var reader = new Utf8JsonReader(_utf8, s_readerOptions);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    writer.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    writer.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName when reader.ValueIsEscaped:
                    writer.WritePropertyName(reader.GetString()!);
                    break;
                case JsonTokenType.PropertyName:
                    writer.WritePropertyName(reader.ValueSpan);
                    break;
                case JsonTokenType.String when reader.ValueIsEscaped:
                    writer.WriteStringValue(reader.GetString());
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(reader.ValueSpan);
                    break;
                default:
                    writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                    break;
            }
        }
    }

    public override string ToString() => Encoding.UTF8.GetString(_utf8);
}
