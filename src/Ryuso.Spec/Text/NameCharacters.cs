using System.Globalization;

namespace Ryuso.Spec.Text;

/// <summary>What names are made of.</summary>
internal static class NameCharacters
{
    /// <summary>Whether identifiers can hold it: a letter, a digit, or a mark that many scripts put on letters.</summary>
    public static bool IsPart(char c) =>
        char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
