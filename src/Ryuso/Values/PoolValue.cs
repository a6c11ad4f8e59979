using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Json;

namespace Ryuso.Values;

internal enum ValueKind : byte { Absent, String, Int, Float, Bool, List, Dict }

/// <summary>A set of <see cref="ValueKind"/>: what an argument accepts, as one bit each.</summary>
[Flags]
internal enum ValueKinds : byte
{
    None = 0,
    Absent = 1 << ValueKind.Absent,
    String = 1 << ValueKind.String,
    Int = 1 << ValueKind.Int,
    Float = 1 << ValueKind.Float,
    Bool = 1 << ValueKind.Bool,
    List = 1 << ValueKind.List,
    Dict = 1 << ValueKind.Dict,
}

/// <summary>One variable's value. Ints, floats and bools are held in place, without boxing.</summary>
[DebuggerDisplay("{Kind} {ToNode(),nq}")]
internal readonly struct PoolValue
{
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = JsonDepth.MaxValue };

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

    /// <summary>A string; null for any other kind.</summary>
    public string? StringOrNull => _reference as string;

    public static PoolValue Of(long value) => new(ValueKind.Int, value, null);

    public static PoolValue Of(double value) => new(ValueKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    public static PoolValue Of(bool value) => new(ValueKind.Bool, value ? 1 : 0, null);

    public static PoolValue Of(string value) => new(ValueKind.String, 0, value);

    public static PoolValue Of(JsonArray value) => new(ValueKind.List, 0, value);

    public static PoolValue Of(JsonObject value) => new(ValueKind.Dict, 0, value);

    private static PoolValue Of(ValueKind kind, JsonFragment text) => new(kind, 0, text);

    /// <summary>A declared default, read once. A list or dict is text, of which each run makes a tree of its own.</summary>
    public static PoolValue OfDefault(string? json, SpecType type)
    {
        if (json is null)
        {
            return default;
        }

        byte[] text = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(text);
        reader.Read();
        PoolValue value = Read(ref reader, text);
        return type == SpecType.Float && value.Kind == ValueKind.Int ? Of(value.Float) : value;
    }

    public bool IsAny(ValueKinds kinds) => ((int)kinds & (1 << (int)Kind)) != 0;

    /// <summary>
    /// Whether nothing can have changed. Two lists or dicts that a hook has set are never the same: what is in them may have changed.
    /// </summary>
    public bool IsSame(in PoolValue other) =>
        Kind == other.Kind && _bits == other._bits && _reference is not JsonNode && Equals(_reference, other._reference);

    /// <summary>What a variable of that type may hold. A float may be written as an integer.</summary>
    public static ValueKinds Fitting(SpecType type) => type switch
    {
        SpecType.String => ValueKinds.String,
        SpecType.Int => ValueKinds.Int,
        SpecType.Float => ValueKinds.Int | ValueKinds.Float,
        SpecType.Bool => ValueKinds.Bool,
        SpecType.List => ValueKinds.List,
        _ => ValueKinds.Dict,
    };

    /// <summary>The type in the spec's words, for messages.</summary>
    public string TypeName => Kind switch
    {
        ValueKind.String => "string",
        ValueKind.Int => "int",
        ValueKind.Float => "float",
        ValueKind.Bool => "bool",
        ValueKind.List => "list",
        ValueKind.Dict => "dict",
        _ => "null",
    };

    /// <summary>Reads the value at the reader's token and leaves the reader on its last token.</summary>
    /// <param name="reader">Reads the source.</param>
    /// <param name="source">All of what the reader reads.</param>
    /// <exception cref="JsonException">The value cannot be held.</exception>
    public static PoolValue Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
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
            case JsonTokenType.StartArray:
                return Of(ValueKind.List, JsonFragment.Read(ref reader, source));
            default:
                return Of(ValueKind.Dict, JsonFragment.Read(ref reader, source));
        }
    }

    /// <summary>Reads a text that is one value and nothing else. False where it is not.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ref PoolValue value)
    {
        var reader = new Utf8JsonReader(text, s_options);
        try
        {
            if (!reader.Read())
            {
                return false;
            }

            value = Read(ref reader, text);

            // The reader takes a number for ended wherever a comment might begin.
            return reader.BytesConsumed == text.Length;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    public static PoolValue OfNode(JsonNode? node)
    {
        switch (node)
        {
            case null: return default;
            case JsonArray list: return Of(list);
            case JsonObject dict: return Of(dict);
        }

        // A float that C# made has no digits to tell it from an int.
        var value = (JsonValue)node;
        if (!value.TryGetValue(out JsonElement _) && value.TryGetValue(out double number))
        {
            return double.IsFinite(number) ? Of(number) : throw new HookFailedException($"A variable cannot be {number}: JSON has no such number.");
        }

        byte[] text = JsonBytes.Of(node);
        var reader = new Utf8JsonReader(text);
        reader.Read();
        return Read(ref reader, text);
    }

    /// <summary>As a node. A list or dict that a hook has set is the pool's own and must not be changed: see <see cref="ToOwnNode"/>.</summary>
    public JsonNode? ToNode() => Kind switch
    {
        ValueKind.String => JsonValue.Create(String),
        ValueKind.Int => JsonValue.Create(Int),
        ValueKind.Float => JsonValue.Create(Float),
        ValueKind.Bool => JsonValue.Create(Bool),
        ValueKind.List or ValueKind.Dict => _reference as JsonNode ?? ((JsonFragment)_reference!).ToNode(),
        _ => null,
    };

    /// <summary>As a node that is the caller's own.</summary>
    public JsonNode? ToOwnNode() => _reference is JsonNode node ? node.DeepClone() : ToNode();

    /// <summary>A list or dict as text.</summary>
    public ReadOnlySpan<byte> ToUtf8() =>
        _reference is JsonFragment text ? text.Utf8 : JsonBytes.Of((JsonNode)_reference!, JsonBytes.ValueWriterOptions);

    /// <summary>Writes a list or dict.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        if (_reference is JsonFragment text)
        {
            text.WriteTo(writer);
        }
        else
        {
            ((JsonNode)_reference!).WriteTo(writer);
        }
    }

    private static PoolValue ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long integer) && !reader.ValueSpan.ContainsAny("eE."u8))
        {
            return Of(integer);
        }

        // Not the reader's own: that one rounds an exact half with zeros after it wrongly.
        return double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? Of(number)
            : throw new JsonException("a number is too large for a 64-bit float");
    }
}
