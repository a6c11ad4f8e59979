using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso;

internal enum ValueKind : byte { Absent, String, Int, Float, Bool, Node }

/// <summary>One variable's value. Ints, floats and bools are held in place, without boxing.</summary>
internal readonly struct PoolValue
{
    private readonly object? _reference;
    private readonly long _bits;

    private PoolValue(ValueKind kind, long bits, object? reference)
    {
        Kind = kind;
        _bits = bits;
        _reference = reference;
    }

    public ValueKind Kind { get; }

    public long Int => _bits;

    public double Float => Kind == ValueKind.Int ? _bits : BitConverter.Int64BitsToDouble(_bits);

    public bool Bool => _bits != 0;

    public string String => (string)_reference!;

    public JsonNode Node => (JsonNode)_reference!;

    public static PoolValue Of(long value) => new(ValueKind.Int, value, null);

    public static PoolValue Of(double value) => new(ValueKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    public static PoolValue Of(bool value) => new(ValueKind.Bool, value ? 1 : 0, null);

    public static PoolValue Of(string value) => new(ValueKind.String, 0, value);

    public static PoolValue Of(JsonNode value) => new(ValueKind.Node, 0, value);

    /// <summary>A declared default, parsed once. Lists and dicts are copied when they are used: see <see cref="Fresh"/>.</summary>
    public static PoolValue OfDefault(string? json, SpecType type)
    {
        if (json is null)
        {
            return default;
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        PoolValue value = Read(ref reader);
        return type == SpecType.Float && value.Kind == ValueKind.Int ? Of(value.Float) : value;
    }

    /// <summary>This value for one more run: a list or dict is copied, so that no run sees what another did to it.</summary>
    public PoolValue Fresh() => Kind == ValueKind.Node ? Of(Node.DeepClone()) : this;

    public bool Fits(SpecType type) => type switch
    {
        SpecType.String => Kind == ValueKind.String,
        SpecType.Int => Kind == ValueKind.Int,
        SpecType.Float => Kind is ValueKind.Int or ValueKind.Float,
        SpecType.Bool => Kind == ValueKind.Bool,
        SpecType.List => Kind == ValueKind.Node && _reference is JsonArray,
        _ => Kind == ValueKind.Node && _reference is JsonObject,
    };

    /// <summary>The type in the spec's words, for messages.</summary>
    public string TypeName => Kind switch
    {
        ValueKind.String => "string",
        ValueKind.Int => "int",
        ValueKind.Float => "float",
        ValueKind.Bool => "bool",
        ValueKind.Node => _reference is JsonArray ? "list" : "dict",
        _ => "null",
    };

    /// <summary>Reads the value at the reader's token and leaves the reader on its last token.</summary>
    /// <exception cref="JsonException">The value cannot be held.</exception>
    public static PoolValue Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.True:
                return Of(true);
            case JsonTokenType.False:
                return Of(false);
            case JsonTokenType.String:
                return Of(reader.GetString()!);
            case JsonTokenType.Number:
                return ReadNumber(ref reader);
            default:
                return Of(JsonTree.Read(ref reader)!);
        }
    }

    public static PoolValue OfNode(JsonNode? node)
    {
        if (node is null or JsonArray or JsonObject)
        {
            return node is null ? default : Of(node);
        }

        var reader = new Utf8JsonReader(JsonBytes.Of(node));
        reader.Read();
        return Read(ref reader);
    }

    public JsonNode? ToNode() => Kind switch
    {
        ValueKind.String => JsonValue.Create(String),
        ValueKind.Int => JsonValue.Create(Int),
        ValueKind.Float => JsonValue.Create(Float),
        ValueKind.Bool => JsonValue.Create(Bool),
        ValueKind.Node => Node,
        _ => null,
    };

    public void WriteTo(Utf8JsonWriter writer, bool asFloat)
    {
        switch (Kind)
        {
            case ValueKind.String:
                writer.WriteStringValue(String);
                break;
            case ValueKind.Int when !asFloat:
                writer.WriteNumberValue(Int);
                break;
            case ValueKind.Int or ValueKind.Float:
                WriteFloat(writer, Float);
                break;
            case ValueKind.Bool:
                writer.WriteBooleanValue(Bool);
                break;
            case ValueKind.Node:
                Node.WriteTo(writer);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static PoolValue ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long integer) && !reader.ValueSpan.ContainsAny("eE."u8))
        {
            return Of(integer);
        }

        double number = reader.GetDouble();
        return double.IsFinite(number)
            ? Of(number)
            : throw new JsonException("a number is too large for a 64-bit float");
    }

    /// <summary>Always with a fraction or an exponent, so that dynamic languages get a float back.</summary>
    private static void WriteFloat(Utf8JsonWriter writer, double value)
    {
        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
        if (!text[..length].ContainsAny("eE."u8))
        {
            ".0"u8.CopyTo(text[length..]);
            length += 2;
        }

        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }
}
