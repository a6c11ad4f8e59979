using System.Diagnostics;

namespace Ryuso.Cli.Bench;

/// <summary>How many requests may still be sent: a number of them, or until a time.</summary>
internal sealed class LoadBudget(long? requests, TimeSpan duration)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _taken;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>How much of it is used up, from 0 to 1.</summary>
    public double Used => Math.Min(1, requests is { } most ? (double)Interlocked.Read(ref _taken) / most : Elapsed / duration);

    public bool TryTake(out long number)
    {
        number = Interlocked.Increment(ref _taken);
        return requests is { } most ? number <= most : Elapsed < duration;
    }
}
