using System.Buffers;
using System.Globalization;

namespace Ryuso.Values;

/// <summary>Reads the numbers that most requests hold without a reader of the library, to the same values.</summary>
internal static class ShortNumber
{
    /// <summary>So many digits fit into 64 bits, and so many zeros into a double exactly.</summary>
    private const int MaxDigits = 18;

    /// <summary>Integers up to this one are exact as doubles.</summary>
    private const long MaxExactInteger = 1L << 53;

    private static readonly SearchValues<byte> s_endsOfNumber = SearchValues.Create(",} \t\r\n"u8);

    private static ReadOnlySpan<double> PowersOfTen => [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

    /// <param name="text">Begins with the number; more may follow.</param>
    /// <param name="value">Where the number goes.</param>
    /// <returns>Its length; 0 where the text begins with no number.</returns>
    public static int Read(ReadOnlySpan<byte> text, ref PoolValue value)
    {
        bool isNegative = text[0] == '-';
        int whole = isNegative ? 1 : 0;
        long digits = 0;
        int at = Digits(text, whole, ref digits);
        int count = at - whole;
        if (count == 0 || (count > 1 && text[whole] == '0'))
        {
            return 0;
        }

        int fraction = 0;
        if ((uint)at < (uint)text.Length && text[at] == '.')
        {
            int point = at + 1;
            at = Digits(text, point, ref digits);
            fraction = at - point;
            if (fraction == 0)
            {
                return 0;
            }
        }

        bool hasExponent = (uint)at < (uint)text.Length && text[at] is (byte)'e' or (byte)'E';
        if (hasExponent || count + fraction > MaxDigits || (fraction > 0 && digits > MaxExactInteger))
        {
            return fraction > 0 && !hasExponent ? ReadLongFraction(text[..at], ref value) : ReadWithLibrary(text, ref value);
        }

        // Such a fraction is exact as a quotient of two exact doubles.
        value = fraction == 0
            ? PoolValue.Of(isNegative ? -digits : digits)
            : PoolValue.Of((isNegative ? -1.0 : 1.0) * digits / PowersOfTen[fraction]);
        return at;
    }

    /// <summary>The grammar has been checked. Not <c>Utf8Parser</c>, which rounds an exact half with zeros after it wrongly.</summary>
    private static int ReadLongFraction(ReadOnlySpan<byte> number, ref PoolValue value)
    {
        bool isNumber = double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double read) && double.IsFinite(read);
        value = PoolValue.Of(read);
        return isNumber ? number.Length : 0;
    }

    private static int ReadWithLibrary(ReadOnlySpan<byte> text, ref PoolValue value)
    {
        int length = text.IndexOfAny(s_endsOfNumber);
        return length > 0 && PoolValue.TryParse(text[..length], ref value) ? length : 0;
    }

    /// <returns>The position behind the digits.</returns>
    private static int Digits(ReadOnlySpan<byte> text, int at, ref long value)
    {
        // More than 18 digits overflow into rubbish, which the caller does not use.
        long digits = value;
        while ((uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9)
        {
            digits = unchecked((digits * 10) + (text[at++] - '0'));
        }

        value = digits;
        return at;
    }
}
