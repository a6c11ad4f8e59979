using System.Globalization;
using System.Text;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>
/// A spec of the corpus. Beside each bad one stands what must be said about it. A bad spec that a JSON schema cannot refuse says so in its first line.
/// </summary>
internal sealed record CorpusCase(string Name, string Text)
{
    private const string SchemaCannotSay = "// The schema cannot say ";
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Corpus");

    public static IEnumerable<string> GoodNames => Names("good");

    public static IEnumerable<string> BadNames => Names("bad");

    public bool SchemaMustRefuse => !Text.StartsWith(SchemaCannotSay, StringComparison.Ordinal);

    public static CorpusCase Good(string name) => Read("good", name);

    public static CorpusCase Bad(string name) => Read("bad", name);

    public static string Expected(string name)
    {
        string file = Path.Combine(s_folder, "bad", name + ".problems.txt");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    /// <summary>Leaves what was said beside what was expected, to be read and, if it is right, copied.</summary>
    public static void Receive(string name, string problems) =>
        File.WriteAllText(Path.Combine(s_folder, "bad", name + ".received.txt"), problems);

    /// <summary>Problems as the corpus writes them: lines and columns from one, as editors count.</summary>
    public static string Describe(IEnumerable<Problem> problems)
    {
        var text = new StringBuilder();
        foreach (Problem problem in problems)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Place(problem.Span)} {problem.Severity.ToString().ToLowerInvariant()} {problem.Code}\n  {problem.Message}\n");
            foreach (SpecSpan related in problem.Related)
            {
                text.Append(CultureInfo.InvariantCulture, $"  see {Place(related)}\n");
            }
        }

        return text.ToString();
    }

    private static string Place(SpecSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.Line + 1}:{span.Column + 1}-{span.EndLine + 1}:{span.EndColumn + 1}");

    private static IEnumerable<string> Names(string folder) =>
        Directory.GetFiles(Path.Combine(s_folder, folder), "*.ryu.json").Select(f => Path.GetFileName(f)[..^".ryu.json".Length]).Order(StringComparer.Ordinal);

    private static CorpusCase Read(string folder, string name) => new(name, File.ReadAllText(Path.Combine(s_folder, folder, name + ".ryu.json")));
}
