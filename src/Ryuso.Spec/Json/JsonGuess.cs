using Ryuso.Spec.Text;

namespace Ryuso.Spec.Json;

/// <summary>Guesses at values that are no JSON.</summary>
internal static class JsonGuess
{
    private static readonly string[] s_words = ["true", "false", "null"];

    /// <summary>What was meant by something that is no JSON value, and how to write it.</summary>
    public static (JsonKind? Kind, string Text, string Message) Of(string found, string word)
    {
        if (found.Length == 0)
        {
            return (null, "", "A value is missing here. Write a string in double quotes, a number, true, false, null, a list or a dictionary.");
        }

        string shown = ProblemList.Show(found);
        if (found.TrimStart('+', '-').ToLowerInvariant() is "nan" or "inf" or "infinity")
        {
            return (null, "", $"'{shown}' is no JSON value, and no type of a spec holds it. Write a number, such as 0.0, or null.");
        }

        string? meant = found == "None" ? "null" : found == word ? NearestName.Find(word, s_words) : null;
        if (meant is not null)
        {
            return (meant == "null" ? JsonKind.Null : JsonKind.Bool, meant, $"'{shown}' is no JSON value. Write {meant}.");
        }

        if (found[0] is '+' or '-' or '.' || char.IsDigit(found[0]))
        {
            return (null, "", $"'{shown}' is no number as JSON writes them. Write it without leading zeros or '+' and with digits on both sides of the point, such as 7 or -0.5.");
        }

        return char.IsLetter(found[0])
            ? (JsonKind.String, found, $"'{shown}' is no JSON value. Strings stand in double quotes: write \"{shown}\".")
            : (null, "", $"'{shown}' is no JSON value. Write a string in double quotes, a number, true, false, null, a list or a dictionary.");
    }
}
