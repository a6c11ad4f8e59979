using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ryuso.PostgreSql;

/// <summary>
/// Text as it stands in the database, which can hold neither NUL nor half of a surrogate pair: U+001A and four hexadecimal digits stand for
/// each of them, and for U+001A itself.
/// </summary>
internal static class StoredText
{
    private const char Escape = '\u001A';

    private static readonly SearchValues<char> s_rare = SearchValues.Create(
        ['\0', Escape, .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    public static string? Write(string? text) => text is null || text.AsSpan().IndexOfAny(s_rare) < 0 ? text : WriteRare(text);

    public static string? Read(string? text)
    {
        if (text is null || !text.Contains(Escape, StringComparison.Ordinal))
        {
            return text;
        }

        var read = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != Escape)
            {
                read.Append(text[i]);
                continue;
            }

            if (i + 4 >= text.Length || !ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            {
                throw new JournalException("The journal holds a text that no version of it has written; it was changed by hand.");
            }

            read.Append((char)code);
            i += 4;
        }

        return read.ToString();
    }

    /// <summary>A run's keys: a JSON array of strings.</summary>
    public static string? WriteKeys(IReadOnlyList<string>? keys) =>
        keys is null ? null : Write(JsonSerializer.Serialize([.. keys], KeysJson.Default.StringArray));

    /// <exception cref="JsonException">The text is no array of strings.</exception>
    public static string[]? ReadKeys(string? json) => json is null ? null : JsonSerializer.Deserialize(Read(json)!, KeysJson.Default.StringArray);

    private static string WriteRare(string text)
    {
        var written = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]))
            {
                written.Append(c).Append(text[++i]);
            }
            else if (c is '\0' or Escape || char.IsSurrogate(c))
            {
                written.Append(Escape).Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            }
            else
            {
                written.Append(c);
            }
        }

        return written.ToString();
    }
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class KeysJson : JsonSerializerContext;
