using System.Globalization;
using System.Text;

namespace Ryuso.Spec.Text;

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

    /// <summary>The message stands after the path, on one line whatever names it quotes.</summary>
    public void Add(
        string code, TextRange at, string path, string message, ProblemSeverity severity = ProblemSeverity.Error, params IEnumerable<TextRange> related)
    {
        string line = OnOneLine(path.Length == 0 ? message : $"{path}: {message}");
        _problems.Add(new Problem(code, severity, text.Span(at), path, line, new(related.Select(text.Span))));
    }

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

            shown.Append(char.IsSurrogate(c) ? Unicode(c) : Escape(c));
        }

        return shown.ToString();
    }

    private static string OnOneLine(string message) =>
        message.Any(c => Escape(c).Length > 1) ? string.Concat(message.Select(Escape)) : message;

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ when char.IsControl(c) || c is '\u2028' or '\u2029' => Unicode(c),
        _ => c.ToString(),
    };

    private static string Unicode(char c) => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture);

    /// <summary>The path of a member; a name that would be mistaken for path syntax stands in brackets.</summary>
    public static string Member(string path, string name)
    {
        return !IsPlain(name) ? $"{path}[\"{Show(name)}\"]" : path.Length == 0 ? name : path + "." + name;
    }

    private static bool IsPlain(string name)
    {
        foreach (char c in name)
        {
            if (!NameCharacters.IsPart(c) && c is not '_' and not '-' and not ' ' and not '$')
            {
                return false;
            }
        }

        return name.Length is > 0 and <= 60;
    }
}
