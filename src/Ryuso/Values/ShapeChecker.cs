using System.Globalization;
using System.Text;
using System.Text.Json;
using Ryuso.Definitions;
using Ryuso.Json;

namespace Ryuso.Values;

/// <summary>
/// Holds what is in a list or dict against the spec (keys <c>arg.items</c> and <c>arg.fields</c>): one pass over its text, in which each thing
/// that is wrong is reported with its own place.
/// </summary>
internal sealed class ShapeChecker
{
    /// <summary>Whoever sends more than these has made one mistake often.</summary>
    private const int MaxProblems = 20;

    private const int MaxFieldsOnStack = 64;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = JsonDepth.MaxValue };

    // Where the checker is: the variable's name, then names of fields and numbers of elements.
    private readonly List<(string? Field, int Element)> _path = [];
    private List<string>? _problems;

    /// <summary>What is wrong in a value that is a list or dict as its argument says; null where all is well.</summary>
    /// <param name="arg">The argument.</param>
    /// <param name="value">Its value.</param>
    public static IReadOnlyList<string>? FindProblems(ArgDefinition arg, in PoolValue value)
    {
        if ((value.Kind != ValueKind.List || arg.Items is null) && (value.Kind != ValueKind.Dict || arg.Fields is null))
        {
            return null;
        }

        var reader = new Utf8JsonReader(value.ToUtf8(), s_options);
        reader.Read();
        var checker = new ShapeChecker();
        checker._path.Add((arg.Name, 0));
        checker.Check(ref reader, arg.Shape);
        return checker._problems;
    }

    /// <summary>Checks the value at the reader's token and leaves the reader on its last token.</summary>
    private void Check(ref Utf8JsonReader reader, FieldDefinition shape)
    {
        if (_problems?.Count > MaxProblems)
        {
            reader.Skip();
        }
        else if (!IsOf(ref reader, shape.Type))
        {
            Add($"{Path()} must be {shape.Type.ToSpecName()}, not {TypeName(ref reader)}");
            reader.Skip();
        }
        else if (shape.Items is { } items)
        {
            for (int index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
            {
                _path.Add((null, index));
                Check(ref reader, items);
                _path.RemoveAt(_path.Count - 1);
            }
        }
        else if (shape.Fields is { } fields)
        {
            CheckFields(ref reader, shape, fields);
        }
        else
        {
            reader.Skip();
        }
    }

    private void CheckFields(ref Utf8JsonReader reader, FieldDefinition shape, FieldDefinition[] fields)
    {
        Span<bool> given = fields.Length <= MaxFieldsOnStack ? stackalloc bool[MaxFieldsOnStack] : new bool[fields.Length];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int index = shape.FieldNames.Find(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan);
            reader.Read();
            if (index < 0 || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }

            given[index] = true;
            _path.Add((fields[index].Name, 0));
            Check(ref reader, fields[index]);
            _path.RemoveAt(_path.Count - 1);
        }

        for (int index = 0; index < fields.Length; index++)
        {
            if (!given[index] && fields[index].IsNeeded)
            {
                _path.Add((fields[index].Name, 0));
                Add($"{Path()} ({fields[index].Type.ToSpecName()}) is missing");
                _path.RemoveAt(_path.Count - 1);
            }
        }
    }

    private static bool IsOf(ref Utf8JsonReader reader, SpecType type) => type switch
    {
        SpecType.String => reader.TokenType == JsonTokenType.String,
        SpecType.Int => reader.TokenType == JsonTokenType.Number && IsInt(ref reader),
        SpecType.Float => reader.TokenType == JsonTokenType.Number && IsFinite(ref reader),
        SpecType.Bool => reader.TokenType is JsonTokenType.True or JsonTokenType.False,
        SpecType.List => reader.TokenType == JsonTokenType.StartArray,
        _ => reader.TokenType == JsonTokenType.StartObject,
    };

    private static bool IsInt(ref Utf8JsonReader reader) => reader.TryGetInt64(out _) && !reader.ValueSpan.ContainsAny("eE."u8);

    private static bool IsFinite(ref Utf8JsonReader reader) =>
        double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number);

    private static string TypeName(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => "string",
        JsonTokenType.Number => IsInt(ref reader) ? "int" : IsFinite(ref reader) ? "float" : "a number beyond 64 bits",
        JsonTokenType.True or JsonTokenType.False => "bool",
        JsonTokenType.StartArray => "list",
        JsonTokenType.StartObject => "dict",
        _ => "null",
    };

    private void Add(string problem)
    {
        _problems ??= [];
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(problem);
        }
        else if (_problems.Count == MaxProblems)
        {
            _problems.Add($"and more in '{_path[0].Field}'");
        }
    }

    private string Path()
    {
        var path = new StringBuilder();
        foreach ((string? name, int element) in _path)
        {
            if (name is null)
            {
                path.Append(CultureInfo.InvariantCulture, $"[{element}]");
            }
            else
            {
                path.Append(path.Length == 0 ? "" : ".").Append(name);
            }
        }

        return path.ToString();
    }
}
