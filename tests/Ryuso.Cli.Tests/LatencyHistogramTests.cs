using Ryuso.Cli.Bench;

namespace Ryuso.Cli.Tests;

/// <summary>What the load test says of latencies.</summary>
public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_are_right_to_within_a_sixteenth()
    {
        var random = new Random(7);
        List<double> milliseconds = [.. Enumerable.Range(0, 20_000).Select(_ => Math.Exp(random.NextDouble() * 16) / 1000)];
        var histogram = new LatencyHistogram();
        milliseconds.ForEach(ms => histogram.Add(TimeSpan.FromMilliseconds(ms)));
        milliseconds.Sort();
        foreach (double share in new[] { 0.01, 0.1, 0.5, 0.9, 0.99, 0.999 })
        {
            double exact = milliseconds[(int)Math.Ceiling(share * milliseconds.Count) - 1];
            Assert.InRange(histogram.Percentile(share).TotalMilliseconds, exact * 0.999 - 0.0001, (exact * 17 / 16) + 0.0002);
        }

        Assert.Equal(milliseconds.Count, histogram.Doubling().Sum(r => r.Count));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds[^1]), histogram.Percentile(1));
    }

    [Fact]
    public void Two_histograms_add_up()
    {
        var left = new LatencyHistogram();
        var right = new LatencyHistogram();
        left.Add(TimeSpan.FromMilliseconds(1));
        right.Add(TimeSpan.FromMilliseconds(100));
        left.Add(right);
        Assert.Equal((2, TimeSpan.FromMilliseconds(100)), (left.Count, left.Greatest));
        Assert.InRange(left.Percentile(0.5).TotalMilliseconds, 1, 1.07);
    }
}
