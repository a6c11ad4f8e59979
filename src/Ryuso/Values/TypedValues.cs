using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Values;

namespace Ryuso.Definitions;

/// <summary>Reads and writes typed lists and dicts (keys <c>arg.items</c> and <c>arg.fields</c>). Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TypedValues
{
    /// <summary>Every whole number up to it is a float of its own.</summary>
    private const double MaxWhole = 1L << 53;

    /// <summary>Reads a <c>string</c>.</summary>
    /// <param name="node">The value.</param>
    /// <param name="name">The field's or list's name, for messages.</param>
    /// <exception cref="InvalidOperationException">The value is absent or of another type.</exception>
    public static string ReadString(JsonNode? node, string name) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text
        : Parse(node) is { Kind: ValueKind.String } parsed ? parsed.String
        : throw Unfit(node, name, "string");

    /// <summary>Reads an <c>int</c>.</summary>
    /// <inheritdoc cref="ReadString"/>
    public static long ReadInt(JsonNode? node, string name)
    {
        PoolValue value = Parse(node);
        return value.Kind == ValueKind.Int ? value.Int
            : value.Kind == ValueKind.Float && Math.Abs(value.Float) <= MaxWhole && double.IsInteger(value.Float) && node!.GetValueKind() == JsonValueKind.Number
                && node is JsonValue made && !made.TryGetValue(out JsonElement _) ? (long)value.Float // A float that C# made is written without a fraction.
            : throw Unfit(node, name, "int");
    }

    /// <summary>Reads a <c>float</c>, which may be written as an integer.</summary>
    /// <inheritdoc cref="ReadString"/>
    public static double ReadFloat(JsonNode? node, string name) =>
        Parse(node) is { Kind: ValueKind.Int or ValueKind.Float } value ? value.Float : throw Unfit(node, name, "float");

    /// <summary>Reads a <c>bool</c>.</summary>
    /// <inheritdoc cref="ReadString"/>
    public static bool ReadBool(JsonNode? node, string name) =>
        node is JsonValue value && value.TryGetValue(out bool flag) ? flag : throw Unfit(node, name, "bool");

    /// <summary>Reads a <c>list</c> of which the spec says nothing: a copy.</summary>
    /// <inheritdoc cref="ReadString"/>
    public static JsonArray ReadList(JsonNode? node, string name) =>
        node is JsonArray list ? (JsonArray)list.DeepClone() : throw Unfit(node, name, "list");

    /// <summary>Reads a <c>list</c>.</summary>
    /// <typeparam name="T">The type of its elements.</typeparam>
    /// <param name="node">The value.</param>
    /// <param name="name">The field's or list's name, for messages.</param>
    /// <param name="read">Reads an element.</param>
    /// <exception cref="InvalidOperationException">The value is absent or of another type.</exception>
    public static IReadOnlyList<T> ReadList<T>(JsonNode? node, string name, Func<JsonNode?, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        JsonArray list = node as JsonArray ?? throw Unfit(node, name, "list");
        var items = new T[list.Count];
        for (int index = 0; index < items.Length; index++)
        {
            items[index] = read(list[index]);
        }

        return items;
    }

    /// <summary>Reads a <c>dict</c>: a copy.</summary>
    /// <inheritdoc cref="ReadString"/>
    public static JsonObject ReadDict(JsonNode? node, string name) =>
        node is JsonObject dict ? (JsonObject)dict.DeepClone() : throw Unfit(node, name, "dict");

    /// <summary>Writes a <c>list</c>; null stays null.</summary>
    /// <typeparam name="T">The type of its elements.</typeparam>
    /// <param name="items">The elements.</param>
    /// <param name="write">Makes JSON of an element.</param>
    public static JsonArray? WriteList<T>(IReadOnlyList<T>? items, Func<T, JsonNode?> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (items is null)
        {
            return null;
        }

        var list = new JsonArray();
        for (int index = 0; index < items.Count; index++)
        {
            list.Add(write(items[index]));
        }

        return list;
    }

    /// <summary>A list or dict that a hook gives, in which every number can be JSON.</summary>
    /// <typeparam name="T">List or dict.</typeparam>
    /// <param name="json">The list or dict; null stays null.</param>
    /// <param name="name">The variable's name.</param>
    /// <exception cref="HookFailedException">A number in it is not finite.</exception>
    public static T? Checked<T>(T? json, string name)
        where T : JsonNode
    {
        Check(json, name);
        return json;
    }

    private static void Check(JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonArray list:
                for (int index = 0; index < list.Count; index++)
                {
                    if (list[index] is { } item)
                    {
                        Check(item, $"{path}[{index}]");
                    }
                }

                break;
            case JsonObject dict:
                foreach ((string field, JsonNode? value) in dict)
                {
                    if (value is not null)
                    {
                        Check(value, $"{path}.{field}");
                    }
                }

                break;
            case JsonValue value when !value.TryGetValue(out JsonElement _) && value.TryGetValue(out double number) && !double.IsFinite(number):
                throw new HookFailedException($"The variable '{path}' cannot be {number}: JSON has no such number.");
        }
    }

    /// <summary>A scalar as the pool would hold it; absent where it is none, or a number that no JSON can hold.</summary>
    private static PoolValue Parse(JsonNode? node) =>
        node is not JsonValue value || (!value.TryGetValue(out JsonElement _) && value.TryGetValue(out double number) && !double.IsFinite(number))
            ? default
            : PoolValue.OfNode(value);

    private static InvalidOperationException Unfit(JsonNode? node, string name, string type) => new(node is null
        ? $"'{name}' ({type}) is missing in a list or dict."
        : $"'{name}' must be {type}, as the spec says, and is {node.GetValueKind()}.");
}
