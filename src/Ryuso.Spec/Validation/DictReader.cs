using System.Globalization;
using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Takes known keys out of one dictionary and reports what is missing, mistyped or unknown.</summary>
internal sealed class DictReader
{
    private static readonly Dictionary<string, string> s_otherWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["return"] = "outputs", ["returns"] = "outputs", ["result"] = "outputs", ["results"] = "outputs",
        ["arguments"] = "args", ["parameters"] = "args", ["params"] = "args", ["input"] = "args", ["inputs"] = "args",
        ["steps"] = "hooks", ["method"] = "reference", ["requires"] = "dependencies", ["depends_on"] = "dependencies",
        ["undo"] = "rectifiers", ["compensate"] = "rectifiers", ["rollback"] = "rectifiers", ["retries"] = "retry", ["timeout"] = "timeout_ms",
    };

    private readonly ProblemList _problems;
    private readonly SpecNode _node;
    private readonly TextRange _owner;
    private Dictionary<string, SpecProperty>? _meant;

    /// <param name="problems">Where problems go.</param>
    /// <param name="node">The dictionary.</param>
    /// <param name="owner">Where its own key stands: the place of what it lacks.</param>
    /// <param name="path">Its path.</param>
    /// <param name="noun">What it is, in words.</param>
    /// <param name="known">The keys that it may have.</param>
    public DictReader(ProblemList problems, SpecNode node, TextRange owner, string path, string noun, params string[] known)
    {
        _problems = problems;
        _node = node;
        _owner = owner;
        Path = path;
        foreach (SpecProperty property in node.Properties)
        {
            if (Array.IndexOf(known, property.Name) >= 0 || SpecNaming.IsComment(property.Name))
            {
                continue;
            }

            // A mistyped key is read as what was meant: one slip is one problem, and its contents are checked all the same.
            string? nearest = s_otherWords.TryGetValue(property.Name, out string? meant) && known.Contains(meant)
                ? meant
                : NearestName.Find(property.Name, known);
            if (nearest is not null && node.FindProperty(nearest) is null && _meant?.ContainsKey(nearest) != true)
            {
                (_meant ??= new(StringComparer.Ordinal)).Add(nearest, property);
            }

            string remedy = nearest is null ? "Remove it." : $"Did you mean '{nearest}'?";
            problems.Add(ProblemCodes.UnknownKey, property.Key, At(property.Name),
                $"'{ProblemList.Show(property.Name)}' is no key of {noun}. {remedy} The keys are {string.Join(", ", known)}.");
        }
    }

    public string Path { get; }

    public string At(string key) => ProblemList.Member(Path, key);

    /// <summary>The key as it stands, or what somebody wrote for it; null where absent.</summary>
    public SpecProperty? Find(string key) =>
        _node.FindProperty(key) ?? (_meant is not null && _meant.TryGetValue(key, out SpecProperty meant) ? meant : null);

    public string? Text(string key, string? required = null) => Take(key, JsonKind.String, required)?.Value.Text;

    /// <summary>A text, or a number, which is read as its text.</summary>
    public string? TextOrNumber(string key) =>
        Find(key) is { Value: { Kind: JsonKind.Number } number } ? number.Text : Text(key);

    public bool? Bool(string key, string? required = null) => Take(key, JsonKind.Bool, required)?.Value.Text is { } text ? text == "true" : null;

    public SpecProperty? Dict(string key, string? required = null) => Take(key, JsonKind.Dict, required);

    public SpecProperty? List(string key, string? required = null) => Take(key, JsonKind.List, required);

    public int? Int(string key, int least, int most, string? required = null)
    {
        if (Take(key, JsonKind.Number, required)?.Value is not { } node)
        {
            return null;
        }

        if (int.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
        {
            return value;
        }

        _problems.Add(ProblemCodes.OutOfRange, node.Range, At(key), $"Must be an integer from {least} to {most}, not {ProblemList.Show(node.Text)}. Write {least}, for example.");
        return null;
    }

    public double? Float(string key, int least, int most)
    {
        if (Take(key, JsonKind.Number, required: null)?.Value is not { } node)
        {
            return null;
        }

        if (double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most)
        {
            return value;
        }

        _problems.Add(ProblemCodes.OutOfRange, node.Range, At(key), $"Must be a number from {least} to {most}, not {ProblemList.Show(node.Text)}. Write {least}, for example.");
        return null;
    }

    /// <param name="key">The key.</param>
    /// <param name="kind">What its value must be.</param>
    /// <param name="required">An example of a value where the key is required; null where it is not.</param>
    private SpecProperty? Take(string key, JsonKind kind, string? required)
    {
        SpecProperty? property = Find(key);
        if (property is null || property.Value.Kind == JsonKind.Null)
        {
            if (required is not null && !(property is null && _node.LostMembers))
            {
                string why = property is null ? "Is required and missing" : "Is required, and null means absent";
                _problems.Add(ProblemCodes.MissingKey, property?.Value.Range ?? _owner, At(key), $"{why}. Add \"{key}\": {required}.");
            }

            return null;
        }

        if (property.Value.Kind == kind)
        {
            return property;
        }

        // Under a mistyped key another kind of value only says that something else was meant: the key has been reported.
        if (property.Name == key)
        {
            WrongType(_problems, property.Value, At(property.Name), kind);
        }

        return null;
    }

    public static void WrongType(ProblemList problems, SpecNode node, string path, JsonKind wanted) =>
        problems.Add(ProblemCodes.WrongType, node.Range, path, $"Must be {Describe(wanted)}, not {node.KindName}. {Instead(node, wanted)}");

    private static string Describe(JsonKind kind) => kind switch
    {
        JsonKind.String => "a string",
        JsonKind.Bool => "true or false",
        JsonKind.Number => "a number",
        JsonKind.List => "a list",
        _ => "a dictionary",
    };

    private static string Instead(SpecNode node, JsonKind wanted) => (wanted, node.Kind) switch
    {
        (JsonKind.String, JsonKind.Number or JsonKind.Bool) => $"Write \"{ProblemList.Show(node.Text)}\".",
        (JsonKind.Bool, JsonKind.String) when node.Text is "true" or "false" => $"Write {node.Text} without quotes.",
        (JsonKind.Number, JsonKind.String) when NumberSyntax.IsNumber(node.Text) => $"Write {ProblemList.Show(node.Text)} without quotes.",
        (JsonKind.List, JsonKind.String) => $"Write [\"{ProblemList.Show(node.Text)}\"].",
        (JsonKind.String, _) => "Write text in double quotes.",
        (JsonKind.Bool, _) => "Write true or false without quotes.",
        (JsonKind.Number, _) => "Write a number without quotes.",
        (JsonKind.List, _) => "Write a list in brackets: [].",
        _ => "Write a dictionary in braces: {}.",
    };
}
