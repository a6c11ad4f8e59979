using Ryuso.Spec.Text;

namespace Ryuso.Spec.Json;

/// <summary>Reads JSON with comments and trailing commas, goes on after what is wrong, and never throws.</summary>
internal static class JsonReader
{
    /// <summary>
    /// A brace too few or too many moves everything behind it to a wrong place. Where braces do not match,
    /// the text is read once more with its indentation as a witness, and the reading with fewer problems holds.
    /// </summary>
    public static SpecNode? Read(string text, ProblemList problems)
    {
        var plain = new JsonParser(text, new ProblemList(problems.Text), trustIndentation: false);
        SpecNode? root = plain.Parse();
        if (plain.IsUnbalanced)
        {
            var indented = new JsonParser(text, new ProblemList(problems.Text), trustIndentation: true);
            SpecNode? other = indented.Parse();
            if (other is not null && !indented.IsUnbalanced && indented.Problems.Count <= plain.Problems.Count)
            {
                (plain, root) = (indented, other);
            }
        }

        problems.AddRange(plain.Problems);
        return root;
    }
}
