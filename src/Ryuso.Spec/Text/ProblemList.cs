using System.Globalization;
using System.Text;

namespace Ryuso.Spec;

/// <summary>Collects the problems of one text.</summary>
internal sealed class ProblemList(SpecText text)
{
    // Beyond these somebody has other worries than spelling, and each search costs the whole list of names.
    private const int MaxSuggestions = 200;
    private readonly List<Problem> _problems = [];
    private int _suggestions;

    public int Count => _problems.Count;

    public SpecText Text => text;

    public EquatableArray<Problem> InOrder => new(_problems.OrderBy(p => p.Span.Start).ThenBy(p => p.Code, StringComparer.Ordinal));

    /// <summary>The message is told behind the path.</summary>
    public void Add(string code, TextRange at, string path, string message, ProblemSeverity severity = ProblemSeverity.Error, params IEnumerable<TextRange> related) =>
        _problems.Add(new Problem(code, severity, text.Span(at), path, path.Length == 0 ? message : $"{path}: {message}", new(related.Select(text.Span))));

    public void AddRange(ProblemList other) => _problems.AddRange(other._problems);

    /// <summary>A sentence with a leading space, or nothing where no known name is near.</summary>
    public string Suggest(string name, IEnumerable<string> known, string prefix = "") =>
        _suggestions++ < MaxSuggestions && NearestName.Find(name, known) is { } nearest ? $" Did you mean '{prefix}{nearest}'?" : "";

    /// <summary>Text of the spec as a message can quote it: on one line, and not too long.</summary>
    public static string Show(string text)
    {
        var shown = new StringBuilder();
        foreach (char c in text)
        {
            if (shown.Length >= 60)
            {
                return shown.Append('…').ToString();
            }

            _ = c switch
            {
                '\n' => shown.Append("\\n"),
                '\r' => shown.Append("\\r"),
                '\t' => shown.Append("\\t"),
                _ when char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' => shown.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => shown.Append(c),
            };
        }

        return shown.ToString();
    }

    /// <summary>The path of a member; a name that would be mistaken for path syntax stands in brackets.</summary>
    public static string Member(string path, string name)
    {
        return !IsPlain(name) ? $"{path}[\"{Show(name)}\"]" : path.Length == 0 ? name : path + "." + name;
    }

    private static bool IsPlain(string name)
    {
        foreach (char c in name)
        {
            if (!SpecNaming.IsPart(c) && c is not '_' and not '-' and not ' ' and not '$')
            {
                return false;
            }
        }

        return name.Length is > 0 and <= 60;
    }
}
