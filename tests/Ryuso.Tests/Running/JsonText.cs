using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Running;

/// <summary>Values as compact JSON text: the only form in which the interpreter knows them. The digits say whether a number is an int or a float.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A scalar as Ryuso writes it, a list or dict as it came; null for absence.</summary>
    public static string? Of(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => Number(value),
        _ => node.ToJsonString(s_plain),
    };

    /// <summary>A member of an args record.</summary>
    public static string? OfMember(object? value) => Of(value switch
    {
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        bool flag => JsonValue.Create(flag),
        string text => JsonValue.Create(text),
        _ => (JsonNode?)value,
    });

    public static string TypeOf(string text) => text[0] switch
    {
        '"' => "string",
        '[' => "list",
        '{' => "dict",
        't' or 'f' => "bool",
        _ => IsInt(text) ? "int" : "float",
    };

    public static bool Fits(string text, string type) =>
        TypeOf(text) is { } own && (own == type || (own == "int" && type == "float"));

    /// <summary>A number as a float: with a fraction or an exponent.</summary>
    public static string Float(string text)
    {
        string digits = double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
        return digits.AsSpan().ContainsAny('.', 'E') ? digits : digits + ".0";
    }

    private static string Number(JsonValue value)
    {
        // A number that C# made has a C# type; one that was parsed has its digits.
        bool isDouble = !value.TryGetValue(out JsonElement _) && value.TryGetValue(out double _);
        string text = value.ToJsonString();
        return isDouble || !IsInt(text) ? Float(text) : text;
    }

    private static bool IsInt(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
}
