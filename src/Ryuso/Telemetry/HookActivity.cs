using System.Diagnostics;

namespace Ryuso.Telemetry;

/// <summary>The span and the figure of one try of a hook.</summary>
internal readonly struct HookActivity
{
    private readonly Activity? _activity;
    private readonly string _hook;
    private readonly bool _isRectifying;
    private readonly long _began;

    private HookActivity(string hook, int attempt, bool isRectifying)
    {
        _hook = hook;
        _isRectifying = isRectifying;
        _began = Stopwatch.GetTimestamp();
        _activity = Instruments.Start(hook);
        _activity?.SetTag("ryuso.hook", hook).SetTag("ryuso.attempt", attempt).SetTag("ryuso.direction", Direction);
    }

    private string Direction => _isRectifying ? "back" : "forward";

    public static HookActivity Begin(string hook, int attempt, bool isRectifying) => Instruments.MeasuresHooks ? new(hook, attempt, isRectifying) : default;

    /// <param name="error">Why the try failed; null when it did not.</param>
    public void End(string? error)
    {
        if (_hook is null)
        {
            return;
        }

        Instruments.RecordHook(Stopwatch.GetElapsedTime(_began).TotalSeconds, _hook, Direction, error is null ? "ok" : "failed");
        if (_activity is { } activity)
        {
            if (error is not null)
            {
                activity.SetStatus(ActivityStatusCode.Error, error);
            }

            Instruments.Stop(activity);
        }
    }
}
