using System.Globalization;
using System.Text;
using CsCheck;
using Ryuso.Json;

namespace Ryuso.Tests.Wire;

public sealed class JsonBytesTests
{
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(5.0, "5.0")]
    [InlineData(-5.0, "-5.0")]
    [InlineData(0.625, "0.625")]
    [InlineData(-0.0001, "-0.0001")]
    [InlineData(0.00001, "1E-05")]
    [InlineData(12.3, "12.3")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(99999999999.9999, "99999999999.9999")]
    [InlineData(100000000000.0, "100000000000.0")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.Epsilon, "5E-324")]
    [InlineData(double.MaxValue, "1.7976931348623157E+308")]
    public void A_float_is_written_with_its_shortest_digits_and_always_as_a_float(double value, string expected) =>
        Assert.Equal(expected, Written(value));

    [Fact]
    public void The_short_way_to_write_a_float_gives_what_the_library_gives()
    {
        Gen.Double.Sample(Check, iter: 200_000, threads: 1);
        Gen.Double[-1e12, 1e12].Sample(Check, iter: 200_000, threads: 1);
        Gen.Select(Gen.Long[-2_000_000_000_000_000, 2_000_000_000_000_000], Gen.Int[0, 52], Gen.Int[0, 8], Gen.Int[-1, 1]).Sample(
            (digits, shift, decimals, ulps) =>
            {
                // A number of a few decimals, and the doubles on both sides of it.
                double value = (digits >> shift) / Math.Pow(10, decimals);
                Check(ulps < 0 ? Math.BitDecrement(value) : ulps > 0 ? Math.BitIncrement(value) : value);
            },
            iter: 500_000,
            threads: 1);
    }

    private static void Check(double value)
    {
        if (double.IsFinite(value))
        {
            string text = value.ToString("R", CultureInfo.InvariantCulture);
            string expected = text.AsSpan().ContainsAny("eE.") ? text : text + ".0";
            string written = Written(value);
            Assert.True(expected == written, $"{expected} was written as {written}");
        }
    }

    private static string Written(double value)
    {
        Span<byte> room = stackalloc byte[32];
        return Encoding.ASCII.GetString(room[..JsonBytes.Format(value, room)]);
    }
}
