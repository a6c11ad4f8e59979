namespace Ryuso.Testing;

/// <summary>The orchestrator's own clock, on which the time limit of the hook that runs can come at once.</summary>
internal sealed class LimitClock(TimeProvider clock) : TimeProvider
{
    private Action? _limit;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    /// <summary>Where tries are not waited for, the runner makes no timer but that of the hook's limit.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _limit = () => callback(state);
        return clock.CreateTimer(callback, state, dueTime, period);
    }

    public void ReachLimit() => _limit!();
}
