using Ryuso.Spec.Text;

namespace Ryuso.Spec.Json;

internal enum JsonKind { Null, Bool, Number, String, List, Dict }

/// <summary>A JSON value that knows where it stands.</summary>
internal sealed class SpecNode(JsonKind kind, int start)
{
    private const int FewProperties = 8;
    private static readonly List<SpecNode> s_noItems = [];
    private static readonly List<SpecProperty> s_noProperties = [];
    private Dictionary<string, SpecProperty>? _byName;

    public JsonKind Kind { get; } = kind;

    public TextRange Range { get; private set; } = new(start, start);

    /// <summary>A string's value, or the literal as written.</summary>
    public string Text { get; set; } = "";

    public List<SpecNode> Items { get; } = kind == JsonKind.List ? [] : s_noItems;

    public List<SpecProperty> Properties { get; } = kind == JsonKind.Dict ? [] : s_noProperties;

    /// <summary>Whether the text has a syntax error somewhere inside.</summary>
    public bool HasProblems { get; set; }

    /// <summary>Whether members were lost to a syntax error, so that "missing" proves nothing.</summary>
    public bool LostMembers { get; set; }

    public void EndAt(int end) => Range = new(Range.Start, end);

    public SpecNode? Find(string key) => FindProperty(key)?.Value;

    public SpecProperty? FindProperty(string key)
    {
        if (_byName is not null)
        {
            return _byName.TryGetValue(key, out SpecProperty property) ? property : null;
        }

        foreach (SpecProperty property in Properties)
        {
            if (property.Name == key)
            {
                return property;
            }
        }

        return null;
    }

    public void Add(SpecProperty property)
    {
        Properties.Add(property);
        if (_byName is not null)
        {
            _byName.Add(property.Name, property);
        }
        else if (Properties.Count > FewProperties)
        {
            _byName = Properties.ToDictionary(p => p.Name, StringComparer.Ordinal);
        }
    }

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

/// <summary>A member of a dictionary; <see cref="Key"/> is where its key stands.</summary>
internal sealed class SpecProperty(string name, TextRange key, SpecNode value)
{
    public string Name { get; } = name;

    public TextRange Key { get; } = key;

    public SpecNode Value { get; } = value;

    /// <summary>Whether the same key stands again behind this one.</summary>
    public bool IsDuplicated { get; set; }
}
