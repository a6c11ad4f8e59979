using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Text;

namespace Ryuso.Json;

/// <summary>Looks through strings that stand in a request as they are.</summary>
internal static class UnescapedText
{
    private static readonly SearchValues<byte> s_ends = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>Where a quote, a backslash or a control character stands; -1 for nowhere.</summary>
    public static int IndexOfEnd(ReadOnlySpan<byte> text)
    {
        if (text.Length >= Vector128<byte>.Count)
        {
            // Most strings are short: they cost no call.
            var bytes = Vector128.Create(text);
            Vector128<byte> ends = Vector128.Equals(bytes, Vector128.Create((byte)'"'))
                | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))
                | Vector128.LessThan(bytes, Vector128.Create((byte)' '));
            if (ends != Vector128<byte>.Zero)
            {
                return BitOperations.TrailingZeroCount(ends.ExtractMostSignificantBits());
            }
        }

        return text.IndexOfAny(s_ends);
    }

    /// <summary>Makes the string. Nearly all are ASCII, for which the general way is a detour.</summary>
    public static string Read(ReadOnlySpan<byte> text) => Ascii.IsValid(text)
        ? string.Create(text.Length, text, static (chars, bytes) => Ascii.ToUtf16(bytes, chars, out _))
        : Encoding.UTF8.GetString(text);
}
