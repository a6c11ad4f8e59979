namespace Ryuso.Cli.Bench;

/// <summary>Latencies counted in classes that grow with them: each is known to within a sixteenth.</summary>
internal sealed class LatencyHistogram
{
    private const int Fine = 16;
    private const int FineBits = 4;

    private readonly long[] _counts = new long[64 * Fine];

    public long Count { get; private set; }

    public TimeSpan Greatest { get; private set; }

    public void Add(TimeSpan latency)
    {
        _counts[ClassOf((long)(latency.TotalMicroseconds * 10))]++;
        Count++;
        Greatest = latency > Greatest ? latency : Greatest;
    }

    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Greatest = other.Greatest > Greatest ? other.Greatest : Greatest;
    }

    /// <summary>The latency that this share of requests did not exceed.</summary>
    public TimeSpan Percentile(double share)
    {
        long rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank && seen > 0)
            {
                TimeSpan upper = UpperOf(i);
                return upper < Greatest ? upper : Greatest;
            }
        }

        return Greatest;
    }

    /// <summary>How many requests took at most so long, in classes that double, from the first to the last that is not empty.</summary>
    public List<(TimeSpan Upper, long Count)> Doubling()
    {
        List<(TimeSpan Upper, long Count)> rows = [];
        for (int i = 0; i < _counts.Length; i += Fine)
        {
            rows.Add((UpperOf(i + Fine - 1), _counts.AsSpan(i, Fine).ToArray().Sum()));
        }

        int first = rows.FindIndex(r => r.Count > 0);
        return first < 0 ? [] : rows[first..(rows.FindLastIndex(r => r.Count > 0) + 1)];
    }

    // Tenths of microseconds: below sixteen of them each is a class of its own, above, each doubling has sixteen.
    private static int ClassOf(long tenths)
    {
        if (tenths < Fine)
        {
            return (int)Math.Max(0, tenths);
        }

        int power = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)tenths);
        return ((power - FineBits + 1) * Fine) + (int)((tenths >> (power - FineBits)) & (Fine - 1));
    }

    private static TimeSpan UpperOf(int index)
    {
        int doubling = index / Fine;
        long tenths = doubling == 0 ? index + 1 : (Fine + (index % Fine) + 1L) << (doubling - 1);
        return TimeSpan.FromMicroseconds(tenths / 10.0);
    }
}
