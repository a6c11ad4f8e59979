using System.Diagnostics;

namespace Ryuso.Tests.Server;

/// <summary>Waits for what nobody tells. What does not come fails the test instead of holding up all of them.</summary>
internal static class Until
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    public static async Task TrueAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, $"It did not come true within {s_limit.TotalMinutes} minutes.");
            await Task.Yield();
        }
    }
}
