using System.Globalization;
using Ryuso.Spec.Json;

namespace Ryuso.Spec.Validation;

/// <summary>Takes known keys out of one dictionary and reports what is missing, mistyped or unknown.</summary>
internal sealed class DictReader
{
    private readonly ProblemList _problems;
    private readonly SpecNode _node;

    public DictReader(ProblemList problems, SpecNode node, string path, params string[] known)
    {
        _problems = problems;
        _node = node;
        Path = path;
        foreach (SpecProperty property in node.Properties.Where(p => !known.Contains(p.Name)))
        {
            problems.Add(ProblemCodes.UnknownKey, property, At(property.Name),
                $"The key '{property.Name}' is not known in {(path.Length == 0 ? "the spec" : path)}.{NearestName.DidYouMean(property.Name, known)} Known keys: {string.Join(", ", known)}.");
        }
    }

    public string Path { get; }

    public string At(string key) => Path.Length == 0 ? key : Path + "." + key;

    public string? Text(string key, bool required = false) => Take(key, JsonKind.String, "a string", required)?.Text;

    public bool? Bool(string key, bool required = false) => Take(key, JsonKind.Bool, "true or false", required)?.Text is { } text ? text == "true" : null;

    public SpecNode? Dict(string key, bool required = false) => Take(key, JsonKind.Dict, "a dictionary", required);

    public SpecNode? List(string key, bool required = false) => Take(key, JsonKind.List, "a list", required);

    public int? Int(string key, int least, bool required = false)
    {
        if (Take(key, JsonKind.Number, "an integer", required) is not { } node)
        {
            return null;
        }

        if (int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least)
        {
            return value;
        }

        _problems.Add(ProblemCodes.OutOfRange, node, At(key), $"'{At(key)}' must be an integer of at least {least}, not {node.Text}.");
        return null;
    }

    private SpecNode? Take(string key, JsonKind kind, string what, bool required)
    {
        SpecNode? value = _node.Find(key);
        if (value is null || value.Kind == JsonKind.Null)
        {
            if (required)
            {
                _problems.Add(ProblemCodes.MissingKey, _node.Start, 1, At(key), $"{(Path.Length == 0 ? "The spec" : $"'{Path}'")} lacks the required key '{key}'. Add \"{key}\": {what}.");
            }

            return null;
        }

        if (value.Kind != kind)
        {
            _problems.Add(ProblemCodes.WrongType, value, At(key), $"'{At(key)}' must be {what}, not {value.KindName}.");
            return null;
        }

        return value;
    }
}
