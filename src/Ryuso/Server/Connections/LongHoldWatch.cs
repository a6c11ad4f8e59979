using Microsoft.Extensions.Logging;
using Ryuso.Orchestration;

namespace Ryuso.Server.Connections;

/// <summary>Warns of runs that hold their keys for long: once, and again at each doubling.</summary>
internal sealed class LongHoldWatch(Lanes lanes, TimeSpan threshold, ILogger logger)
{
    // When each long hold is to be reported next, by when its turn came. Touched by the timer only.
    private Dictionary<long, TimeSpan> _next = [];

    /// <summary>Looks once.</summary>
    public void Look()
    {
        Dictionary<long, TimeSpan> next = [];
        foreach (PlaceSnapshot run in lanes.Look(maxKeys: 0).Runs)
        {
            if (run.Held < threshold)
            {
                continue;
            }

            TimeSpan due = _next.GetValueOrDefault(run.EnteredAt, threshold);
            if (run.Held >= due)
            {
                ServerLog.HeldLong(logger, run.RunId ?? "(no id yet)", run.Program, (long)run.Held.TotalSeconds, run.Waiting);
                due = 2 * run.Held;
            }

            next[run.EnteredAt] = due;
        }

        _next = next;
    }
}
