using Ryuso.Protocol;

namespace Ryuso.Orchestration;

/// <summary>By when a run must have begun (key <c>deadline_ms</c>). While it waits for its turn a timer takes it out of the queue then.</summary>
/// <remarks>
/// The gate keeps the timer from a waiter that has begun, or waits for another run by now: once <see cref="TryBegin"/> or <see cref="End"/>
/// has returned, nothing is taken out of a queue any more. Whoever has the gate may take that of the lanes, never the other way round.
/// </remarks>
internal sealed class BeginDeadline(TimeProvider time, int milliseconds)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private ITimer? _timer;
    private bool _hasEnded;

    /// <summary>Why the run is rejected.</summary>
    public RequestProblem Problem => new(
        Rejection.Timeout, $"The run had not begun within its deadline of {milliseconds} ms, so nothing ran; ask again later or allow more.");

    /// <summary>The waiter is queued: from now on the timer may take it out.</summary>
    public void Watch(Lanes lanes, LanePlace place, LaneWaiter waiter)
    {
        try
        {
            lock (_gate)
            {
                if (!_hasEnded && _timer is null)
                {
                    TimeSpan left = TimeSpan.FromMilliseconds(milliseconds) - time.GetElapsedTime(_start);
                    _timer = time.CreateTimer(
                        _ => GiveUp(lanes, place, waiter), state: null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                }
            }
        }
#pragma warning disable CA1031 // A clock that throws: the waiter is queued and keeps its turn, which looks at the deadline itself.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>The run's turn has come. False where that is too late.</summary>
    public bool TryBegin()
    {
        End();
        return time.GetElapsedTime(_start) < TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>Nothing waits any more.</summary>
    public void End()
    {
        ITimer? timer;
        lock (_gate)
        {
            _hasEnded = true;
            timer = _timer;
            _timer = null;
        }

        timer?.Dispose();
    }

    private void GiveUp(Lanes lanes, LanePlace place, LaneWaiter waiter)
    {
        lock (_gate)
        {
            if (!_hasEnded && lanes.TryRemove(place, waiter))
            {
                place.Problem = Problem;
                waiter.ScheduleTurn();
            }
        }
    }
}
