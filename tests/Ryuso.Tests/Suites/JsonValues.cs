using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Ryuso.Tests.Suites;

/// <summary>Texts that are a JSON value and texts that are none, each named by what it stands for.</summary>
internal static class JsonValues
{
    private const int ValueDepth = 62;

    /// <summary>Numbers of the grammar that fit a float.</summary>
    public static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "10", "123456789", "0.0", "-0.0", "0.5", "1.0", "-1.25", "1.000000000000000000000000000000", "0.1e1", "1e0", "1E0", "1e1", "1E+1", "1e-1",
        "1E-01", "0e0", "0e+0", "0E-0", "0e999", "-0e-999", "1e308", "1e-308", "1e-400", "-1E-999999", "123e65", "123.456e-7", "1.5E+010", "9007199254740993",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "100000000000000000000000000000",
        "0." + new string('0', 400) + "1", "1" + new string('0', 300), "0.1" + new string('0', 400), "1e" + new string('0', 100) + "1",
    ];

    /// <summary>What looks like a number and is none.</summary>
    public static readonly string[] NotNumbers =
    [
        "+1", "++1", "-", "--1", "- 1", "01", "00", "-01", "-00", "012.5", ".5", "-.5", ".", "1.", "-1.", "1.e1", "1..0", "1.0.0", "1e", "1E", "1e+", "1e-", "1eE1", "1e1.5", "1e+-1", "0e",
        "1.5e", ".e1", "1_000", "1,000", "1 000", "0x10", "0X1F", "0b1", "0o7", "1n", "1f", "1.0d", "1L", "1/2", "1+1", "1-1", "2#", "1a", "1.1a", "1e1a", "1\u0000", "-1x.", "Infinity", "-Infinity",
        "+Infinity", "inf", "NaN", "-NaN", "nan", "１", "1１", "٣", "1.٣", "1e٣", "\u22121", "1\u00A0", "\u00BD", "--", "-e1", "-a", "$1", "1%", "(1)", "1;", "'1'", "0 1",
    ];

    /// <summary>Names, literals and structures that are none, and what is no value at all.</summary>
    public static readonly string[] NotValues =
    [
        "", " ", ",", ":", "}", "]", "tru", "fals", "nul", "truee", "nullx", "True", "FALSE", "NULL", "None", "undefined", "t", "n", "f", "true false", "nulltrue", "a", "'a'", "`a`", "\"", "\"a", "a\"", "\"a\"\"b\"", "\"a\" \"b\"",
        "\"a\"b", "\\u0061", "&", "*", "<null>", "/**/", "// x", "1 // x", "1 /* x */", "/* x */ 1", "# x", "\u00A01", "\u000B1", "\u000C1", "\u20281", "\uFEFF1", "\u30001", "\u00851", "\u0000", "1 \u0000", "\u001B[0m", "😀",
        "[", "[1", "[1,", "[,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[1;2]", "[1}", "[\"a\"", "[\"a]", "[a]", "['a']", "[1]]", "[[1]", "[]]", "[] []", "[1,\u00A02]", "[\u000B1]", "[1\u000C]", "[1/*x*/]", "[1,//x\n2]", "[\\n]", "[*]",
        "[-]", "[01]", "[1.]", "[+1]", "[NaN]", "[nul]", "[\"\t\"]", "[\"\n\"]", "[\"\u0000\"]", "[\"\u001F\"]", "[\"\\x\"]", "[\"\\\"]", "[\"\\u12\"]", "[\uFEFF]",
        "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1:2}", "{\"a\",1}", "{\"a\"}", "{:1}", "{1:1}", "{null:1}", "{[]:1}", "{a:1}", "{'a':1}", "{\"a\":'b'}",
        "{\"a\":1]", "{\"a\":1}}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"a\":b}", "{\"a\":}", "{\"a\":,}", "{\"a\":1,\"b\"}", "{\"a\":1/*x*/}", "{\"a\":1}{}", "{\"a\"=1}", "{\"a\":1,\u00A0\"b\":2}", "{\"\t\":1}", "{\"a\":nul}", "{\"a\":[}",
        "{\"a\":\"", "{\"a\":\"b}", "{}}", "{} {}", "{{}}", "{[]}", "{\"a\":{\"b\":}}", "{\"a\":1,...}", "{\"\\x\":1}", "{\"\\u00\":1}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":1}", "[{\"a\":1,\"b\":2,\"a\":3}]", "{\"x\":{\"a\":1,\"a\":1}}",
        "{\"é\":1,\"\\u00e9\":1}", "{\"\\ud83d\\ude00\":1,\"😀\":1}", "{\"/\":1,\"\\/\":1}",
        "[" + new string('[', ValueDepth) + new string(']', ValueDepth) + "]", string.Concat(Enumerable.Repeat("{\"a\":", ValueDepth + 1)) + "1" + new string('}', ValueDepth + 1),
        new string('[', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 50_000)), string.Concat(Enumerable.Repeat("[{\"a\":", 50_000)),
    ];

    /// <summary>Escapes that JSON does not have, control characters, halves of pairs.</summary>
    public static readonly string[] NotStrings =
    [
        "\"\\\"", "\"\\", "\"\\x41\"", "\"\\a\"", "\"\\v\"", "\"\\0\"", "\"\\e\"", "\"\\'\"", "\"\\`\"", "\"\\U0041\"", "\"\\N\"", "\"\\ \"", "\"\\\n\"", "\"\\é\"", "\"\\😀\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"",
        "\"\\u123g\"", "\"\\u 123\"", "\"\\u+123\"", "\"\\u-123\"", "\"\\u12 4\"", "\"\\u{41}\"", "\"\\uD83D\"", "\"\\uDE00\"", "\"\\uD83D\\uD83D\"", "\"\\uDE00\\uD83D\"", "\"\\uD83Dx\"", "\"\\uD83D\\n\"", "\"\\uD83D\\u0041\"",
        "\"x\\uD800\"", "\"\\uDFFFx\"", "\"\\uD83D\\ude00\\ud83d\"", "\"\\ud83d \\ude00\"", "\"\\ud83d\\\\ude00\"", "\"\\u00e\"", "\"\\u٣٣٣٣\"", "\"a\u0000b\"", "\"\u0000\"", "\"\u0001\"", "\"\u0008\"", "\"\t\"", "\"\n\"", "\"\r\"", "\"\r\n\"", "\"\u001F\"", "\"\u001B[31m\"",
    ];

    /// <summary>Bytes that are no UTF-8.</summary>
    public static readonly byte[][] NotUtf8 =
    [
        // Continuation bytes alone, and too many of them.
        [0x80], [0xBF], [0x80, 0x80], [0x61, 0x80], [0xC3, 0xA9, 0x80], [0xE2, 0x82, 0xAC, 0x80],

        // Sequences that end early: at each length, before a letter.
        [0xC3], [0xC3, 0x61], [0xE2], [0xE2, 0x82], [0xE2, 0x82, 0x61], [0xE2, 0x61, 0xAC], [0xF0], [0xF0, 0x9F], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x98, 0x61], [0xC3, 0xC3, 0xA9],

        // Overlong: NUL, slash, quote, the last of each length.
        [0xC0, 0x80], [0xC0, 0xAF], [0xC0, 0xA2], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF8, 0x80, 0x80, 0x80, 0xAF], [0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF],

        // Halves of pairs as bytes, and a pair of them.
        [0xED, 0xA0, 0x80], [0xED, 0xAF, 0xBF], [0xED, 0xB0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],

        // Beyond U+10FFFF, and bytes that never occur.
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF], [0xFE], [0xFF], [0xFE, 0xFF], [0xFF, 0xFE, 0x61, 0x00],

        // Latin-1 and Windows-1252.
        [0xE9], [0x63, 0x61, 0x66, 0xE9], [0x93, 0x61, 0x94],
    ];

    /// <summary>Strings that have broken programs: each must come back as it was.</summary>
    public static IEnumerable<string> Strings()
    {
        // What means something elsewhere.
        yield return "";
        foreach (string word in (string[])["null", "true", "false", "undefined", "NaN", "Infinity", "-0", "0x0", "1e5", "1/0", "0.1", "01", "nil", "None", "NULL", "(null)", "{}", "[]", "{\"a\":1}", "\"", "\\", "\\\\", "\\\"", "\\u0041", "\\n", "/", "//", "/* x */",
            "../../../etc/passwd", "C:\\Windows\\System32", "file:///dev/null", "CON", "~", "a/b\\c", "*?", "'; DROP TABLE runs; --", "1' OR '1'='1", "%s%n%d", "{0}", "{0:D99999999}", "{{}}", "${jndi:ldap://x}", "$(id)", "`id`", "%00", "%2e%2e%2f", "&lt;b&gt;",
            "<script>alert(1)</script>", "]]>", "<!--", "<?xml?>", "&#0;", "=1+1", "@x", "#x", "a,b;c", "a\tb", "a\nb", "a\r\nb", "a\0b", "\0", " ", "  a  ", "_", "__proto__", "constructor", "toString", "_program_fail", "_error", "hooks.a", "programs.p", "run_id"])
        {
            yield return word;
        }

        // All control characters, each alone and all in one; what Unicode leaves unassigned or private; the last of each plane's kind.
        for (char c = '\0'; c < ' '; c++)
        {
            yield return "a" + c + "b";
        }

        yield return new string([.. Enumerable.Range(0, 32).Select(i => (char)i)]);
        foreach (int c in (int[])[0x7F, 0x80, 0x85, 0x9B, 0x9F, 0xA0, 0xAD, 0x34F, 0x61C, 0x1680, 0x180E, 0x2000, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0x206A, 0x3000, 0xD7FF, 0xE000, 0xF8FF, 0xFDD0, 0xFE0F, 0xFEFF,
            0xFFF9, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1D173, 0x1F600, 0x1FFFE, 0xE0001, 0xE0061, 0xF0000, 0x10FFFE, 0x10FFFF])
        {
            yield return char.ConvertFromUtf32(c);
            yield return "a" + char.ConvertFromUtf32(c) + "b";
        }

        // Scripts, both directions, signs that join, case that changes length.
        foreach (string text in (string[])["田中さん", "社會科學院", "울란바토르", "パーティー", "Ω≈ç√∫", "ÅÍÎÏ˝", "Ёжик", "ѐѝ", "שלום עולם", "مُنَاقَشَةُ", "الكل في المجمو", "‫test‬", "a‮cba‬", "⁦x⁩", "﷽", "ﷺ", "ด้้้้็็็็", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "é", "e\u0301", "ﬀ", "ß", "ẞ", "İi", "ıI", "ǆ", "ῼ",
            "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇸🇷🇺", "👍🏿", "1️⃣", "🫠", "𝒯𝒽𝑒", "𠜎𠜱", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "➔", "（╯°□°）╯︵ ┻━┻", "ˆ¨", "⁰⁴⁵", "``\"'", "\u0001\u0002", "|\\", "a\u200Bb", "\u202Etxt.exe"])
        {
            yield return text;
        }

        // Where the fast ways of reading change: lengths around the width of vectors, and what is not ASCII at each place of one.
        for (int length = 1; length <= 70; length++)
        {
            yield return new string('x', length);
            yield return new string('x', length - 1) + "é";
        }

        yield return string.Concat(Enumerable.Repeat("😀", 5000));
        yield return new string('"', 3000);
    }

    /// <summary>As a client that escapes nothing it need not.</summary>
    public static string Raw(string text)
    {
        var json = new StringBuilder("\"");
        foreach (char c in text)
        {
            json.Append(c switch { '"' => "\\\"", '\\' => "\\\\", < ' ' => $"\\u{(int)c:x4}", _ => c.ToString() });
        }

        return json.Append('"').ToString();
    }

    /// <summary>As a client that escapes everything.</summary>
    public static string Escaped(string text) => "\"" + string.Concat(text.Select((c, i) => i % 2 == 0 ? $"\\u{(int)c:x4}" : $"\\u{(int)c:X4}")) + "\"";

    /// <summary>As a client that escapes what may be in every short form.</summary>
    public static string Short(string text) => "\"" + string.Concat(JsonSerializer.Serialize(text)[1..^1].Replace("/", "\\/", StringComparison.Ordinal)) + "\"";

    /// <summary>Decimal texts and the double that is nearest to each, found by whole numbers only.</summary>
    public static IEnumerable<(string Text, double Value)> Floats()
    {
        var random = new Random(20);
        List<double> doubles =
        [
            double.Epsilon, 2 * double.Epsilon, 2.2250738585072009e-308, 2.2250738585072014e-308, 2.2250738585072019e-308, double.MaxValue, double.MaxValue.PreviousBefore(), 1, 1.0000000000000002, 0.99999999999999989,
            0.1, 0.2, 0.30000000000000004, 1.0 / 3, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 9007199254740991, 9007199254740992, 9007199254740994, 9384991051087028, 4503599627370496.5, 4503599627370497.5, 123456789012345.67, 5e-324,
        ];
        while (doubles.Count < 300)
        {
            double d = BitConverter.Int64BitsToDouble(random.NextInt64());
            if (double.IsFinite(d) && d != 0)
            {
                doubles.Add(d);
            }
        }

        foreach (double positive in doubles.Select(Math.Abs))
        {
            double value = random.Next(2) == 0 ? positive : -positive;
            string sign = value < 0 ? "-" : "";
            (BigInteger digits, int places) = Exactly(positive);
            yield return (sign + Decimal(digits, places), value);
            yield return (sign + Decimal(digits, places) + (places == 0 ? ".000" : "000"), value);
            yield return (sign + digits + "e-" + places, value);
            if (positive == double.MaxValue)
            {
                continue;
            }

            // Half way to the next one: even wins; anything more or less decides.
            double next = Math.BitIncrement(positive);
            (BigInteger nextDigits, int nextPlaces) = Exactly(next);
            int scale = Math.Max(places, nextPlaces) + 1;
            BigInteger half = ((digits * BigInteger.Pow(10, scale - places)) + (nextDigits * BigInteger.Pow(10, scale - nextPlaces))) / 2;
            double even = (BitConverter.DoubleToInt64Bits(positive) & 1) == 0 ? positive : next;
            double Signed(double d) => value < 0 ? -d : d;
            yield return (sign + Decimal(half, scale), Signed(even));
            yield return (sign + Decimal(half, scale) + "000", Signed(even));
            yield return (sign + Decimal(half, scale) + "0000000000000000001", Signed(next));
            yield return (sign + Decimal((half * 10) - 1, scale + 1), Signed(positive));
        }
    }

    /// <summary>All digits of a double: an integer and how many of its digits stand behind the point.</summary>
    private static (BigInteger Digits, int Places) Exactly(double positive)
    {
        long bits = BitConverter.DoubleToInt64Bits(positive);
        int exponent = (int)(bits >> 52) & 0x7FF;
        BigInteger mantissa = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        int power = Math.Max(exponent, 1) - 1075;
        return power >= 0 ? (mantissa << power, 0) : (mantissa * BigInteger.Pow(5, -power), -power);
    }

    private static string Decimal(BigInteger digits, int places)
    {
        string text = digits.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return places == 0 ? text : text[..^places] + "." + text[^places..];
    }

    private static double PreviousBefore(this double value) => Math.BitDecrement(value);
}
