using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>A caller that may have to wait for its turn.</summary>
internal abstract class LaneWaiter : IThreadPoolWorkItem
{
    internal LaneWaiter? Next { get; set; }

    /// <summary>When it began to wait, as a timestamp of the stopwatch; 0 where nobody listens to <see cref="Instruments.MeasuresQueueWait"/>.</summary>
    internal long QueuedAt { get; set; }

    void IThreadPoolWorkItem.Execute() => OnEntered();

    /// <summary>
    /// Schedules <see cref="OnEntered"/>, by default on the thread pool. It must not run within this call,
    /// so that the caller that leaves the lane can send its answer meanwhile.
    /// </summary>
    protected internal virtual void ScheduleTurn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>
    /// Called when its turn has come, which lasts until <see cref="Lanes.Leave"/>; or when it will never come, for the reason that is
    /// <see cref="LanePlace.Problem"/>.
    /// </summary>
    protected abstract void OnEntered();
}
