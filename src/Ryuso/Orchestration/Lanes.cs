using Ryuso.Protocol;

namespace Ryuso.Orchestration;

/// <summary>How <see cref="Lanes.Enter"/> ended.</summary>
internal enum LaneEnterResult
{
    /// <summary>The turn has come; <see cref="Lanes.Leave"/> ends it.</summary>
    Entered,

    /// <summary>The waiter is queued; <see cref="LaneWaiter.OnEntered"/> will be called.</summary>
    Queued,

    /// <summary>It will never come, for the reason that is <see cref="LanePlace.Problem"/>.</summary>
    Rejected,
}

/// <summary>Gives runs their turns, in the order of arrival. All callers of an orchestrator come through here.</summary>
internal abstract class Lanes
{
    private RunLimits _limits = new();

    /// <summary>How many may wait and run.</summary>
    public RunLimits Limits
    {
        get => Volatile.Read(ref _limits);
        set => Volatile.Write(ref _limits, value);
    }

    /// <summary>How many wait.</summary>
    public abstract int Waiting { get; }

    /// <summary>Whether a caller who leaves may soon be followed by one whose commit could be shared by waiting a moment.</summary>
    public abstract bool HasFollower { get; }

    /// <summary>Takes a turn where nothing has to be waited for.</summary>
    public abstract bool TryEnter(LanePlace place);

    /// <summary>Takes a turn or queues for it.</summary>
    /// <param name="place">What the run holds.</param>
    /// <param name="waiter">Whose turn it is. It waits for one turn at most.</param>
    public LaneEnterResult Enter(LanePlace place, LaneWaiter waiter)
    {
        // Taken first: once the waiter is queued its turn may have come and gone.
        BeginDeadline? deadline = place.Deadline;
        LaneEnterResult result = EnterOrQueue(place, waiter);
        if (result == LaneEnterResult.Queued)
        {
            deadline?.Watch(this, place, waiter);
        }

        return result;
    }

    /// <summary>As <see cref="Enter"/>, the deadline apart.</summary>
    protected abstract LaneEnterResult EnterOrQueue(LanePlace place, LaneWaiter waiter);

    /// <summary>Gives up waiting. False where the turn has come, or never will: the waiter hears of that.</summary>
    public abstract bool TryRemove(LanePlace place, LaneWaiter waiter);

    /// <summary>Ends a turn.</summary>
    /// <param name="place">What the run held.</param>
    /// <param name="stuckRun">The run's id, where it is stuck and keeps its keys until <see cref="Release"/>; null otherwise.</param>
    public abstract void Leave(LanePlace place, string? stuckRun = null);

    /// <summary>Gives keys to nobody until the run that is stuck has been settled. Without keys nothing is kept.</summary>
    /// <param name="stuckRun">The run's id.</param>
    /// <param name="keys">Its keys.</param>
    public virtual void Keep(string stuckRun, string[] keys)
    {
    }

    /// <summary>Gives up what a run that was stuck has kept.</summary>
    /// <param name="stuckRun">The run's id.</param>
    public virtual void Release(string stuckRun)
    {
    }

    /// <summary>Looks at who holds, waits and is stuck.</summary>
    /// <param name="maxKeys">How many keys at most; those with the longest queues come first.</param>
    public abstract LanesSnapshot Look(int maxKeys);

    /// <summary>Takes a turn, or finds out that it will never come (<see cref="LanePlace.Problem"/>).</summary>
    /// <param name="place">What the run holds.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="OperationCanceledException">The token fired before the turn came.</exception>
    public async ValueTask EnterAsync(LanePlace place, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskWaiter(this, place);
        if (Enter(place, waiter) != LaneEnterResult.Queued)
        {
            return;
        }

        using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskWaiter)state!).Cancel(token), waiter))
        {
            await waiter.Task.ConfigureAwait(false);
        }
    }

    protected RequestProblem QueueFull() => new(Rejection.Busy, $"The queue is full ({Limits.MaxQueueLength} requests wait); retry later.");

    private sealed class TaskWaiter(Lanes lanes, LanePlace place) : LaneWaiter
    {
        private readonly TaskCompletionSource _entered = new();

        public Task Task => _entered.Task;

        public void Cancel(CancellationToken token)
        {
            if (lanes.TryRemove(place, this))
            {
                _entered.SetCanceled(token);
            }
        }

        protected override void OnEntered() => _entered.SetResult();
    }
}
