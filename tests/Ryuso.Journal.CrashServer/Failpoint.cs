using System.Diagnostics;
using System.Globalization;

namespace Ryuso.Journal.CrashServer;

/// <summary>Ends the process with SIGKILL at the n-th point that it passes; n comes in FAIL_AT, and FAIL_RUN may say that only the points of one run count.</summary>
internal static class Failpoint
{
    private static readonly int s_at = int.TryParse(Environment.GetEnvironmentVariable("FAIL_AT"), CultureInfo.InvariantCulture, out int at) ? at : 0;
    private static readonly string? s_run = Environment.GetEnvironmentVariable("FAIL_RUN");
    private static int s_passed;

    public static void Pass(string runId)
    {
        if ((s_run is null || s_run == runId) && Interlocked.Increment(ref s_passed) == s_at)
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite); // until the signal has come
        }
    }
}
