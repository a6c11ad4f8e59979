namespace Ryuso.Spec.Json;

internal enum JsonKind { Null, Bool, Number, String, List, Dict }

/// <summary>A JSON value that knows where it stands.</summary>
internal sealed class SpecNode(JsonKind kind, int start)
{
    public JsonKind Kind { get; } = kind;

    public int Start { get; } = start;

    public int End { get; set; }

    /// <summary>A string's value, or the literal as written.</summary>
    public string Text { get; set; } = "";

    public List<SpecNode> Items { get; } = [];

    public List<SpecProperty> Properties { get; } = [];

    public SpecNode? Find(string key) => Properties.FirstOrDefault(p => p.Name == key)?.Value;

    public string KindName => Kind switch
    {
        JsonKind.Null => "null",
        JsonKind.Bool => "a boolean",
        JsonKind.Number => "a number",
        JsonKind.String => "a string",
        JsonKind.List => "a list",
        _ => "a dictionary",
    };

    /// <summary>Compact JSON text: the same for any layout of the same value.</summary>
    public string ToJson() => Kind switch
    {
        JsonKind.String => Quote(Text),
        JsonKind.List => "[" + string.Join(",", Items.Select(i => i.ToJson())) + "]",
        JsonKind.Dict => "{" + string.Join(",", Properties.Select(p => Quote(p.Name) + ":" + p.Value.ToJson())) + "}",
        _ => Text,
    };

    private static string Quote(string text)
    {
        var quoted = new System.Text.StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c is '"' or '\\' ? quoted.Append('\\').Append(c)
                : c < ' ' || char.IsSurrogate(c) ? quoted.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture))
                : quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}

internal sealed record SpecProperty(string Name, int Start, int End, SpecNode Value);
