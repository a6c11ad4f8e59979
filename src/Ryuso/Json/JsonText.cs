using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Ryuso.Json;

/// <summary>Strings as JSON can hold them.</summary>
internal static class JsonText
{
    /// <summary>The text, with U+FFFD in the place of each half of a surrogate pair, as it would be after having been written and read.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? WellFormed(string? text) =>
        text is null || Ascii.IsValid(text) || !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
