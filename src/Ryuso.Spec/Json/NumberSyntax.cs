using System.Globalization;
using System.Text.RegularExpressions;

namespace Ryuso.Spec.Json;

/// <summary>What JSON calls a number, and which of them are a spec's ints.</summary>
internal static class NumberSyntax
{
    private static readonly Regex s_number = new(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant);

    public static bool IsNumber(string text) => s_number.IsMatch(text);

    public static bool IsInt(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    public static bool IsFinite(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !double.IsInfinity(value);
}
