using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Json;

/// <summary>JSON as UTF-8 bytes, escaped only as JSON requires.</summary>
internal static class JsonBytes
{
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly SearchValues<char> s_plain = SearchValues.Create(
        [.. Enumerable.Range(' ', 0x7F - ' ').Select(i => (char)i).Where(c => c is not ('"' or '\\'))]);

    /// <summary>For one variable's value: what is nested deeper than can be read throws <see cref="InvalidOperationException"/>.</summary>
    public static readonly JsonWriterOptions ValueWriterOptions = WriterOptions with { MaxDepth = JsonDepth.MaxValue };

    public static byte[] Of(JsonNode node) => Of(node, WriterOptions);

    public static byte[] Of(JsonNode node, JsonWriterOptions options) => Of(writer => node.WriteTo(writer), options);

    public static byte[] Of(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A string literal with its quotes.</summary>
    public static byte[] Literal(string text) => [(byte)'"', .. JsonEncodedText.Encode(text, WriterOptions.Encoder).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>A key with its comma, its quotes and its colon.</summary>
    public static byte[] Key(string name) => [(byte)',', .. Literal(name), (byte)':'];

    /// <summary>Writes a float, always with a fraction or an exponent, so that dynamic languages get a float back.</summary>
    /// <returns>How many bytes were written, at most 32.</returns>
    public static int Format(double value, Span<byte> room)
    {
        if (TryFormatShort(value, room, out int length))
        {
            return length;
        }

        value.TryFormat(room, out length, default, CultureInfo.InvariantCulture);
        if (!room[..length].ContainsAny("eE."u8))
        {
            ".0"u8.CopyTo(room[length..]);
            length += 2;
        }

        return length;
    }

    /// <summary>
    /// Writes what has four decimals at most, as amounts and rates do: the library takes far longer to find that out.
    /// No two numbers of up to 15 digits are the same double, so these digits are the shortest.
    /// </summary>
    private static bool TryFormatShort(double value, Span<byte> room, out int length)
    {
        length = 0;
        if (!(Math.Abs(value) < 1e11))
        {
            return false;
        }

        long scaled = (long)Math.Round(value * 1e4);
        if (scaled / 1e4 != value || (scaled == 0 && double.IsNegative(value)))
        {
            return false;
        }

        if (scaled < 0)
        {
            room[length++] = (byte)'-';
        }

        (ulong whole, ulong fraction) = Math.DivRem((ulong)Math.Abs(scaled), 10_000UL);
        whole.TryFormat(room[length..], out int digits, default, CultureInfo.InvariantCulture);
        length += digits;
        room[length++] = (byte)'.';
        do
        {
            (ulong digit, fraction) = Math.DivRem(fraction * 10, 10_000UL);
            room[length++] = (byte)('0' + digit);
        }
        while (fraction > 0);
        return true;
    }

    /// <summary>Whether the text may stand between quotes as it is, a byte for each character.</summary>
    public static bool NeedsNoEscape(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(s_plain);
}
