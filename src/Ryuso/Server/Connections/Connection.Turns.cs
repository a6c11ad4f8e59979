using System.Threading.Tasks.Sources;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Connections;

/// <content>Waiting for others: for the lane, and for those that an event loop sees to first. One wait at a time.</content>
internal sealed partial class Connection : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _waitSource;

    // Where it waits for the lane; null for the pool.
    private EventLoop? _waitLoop;

    private EventLoop? CurrentLoop => context.Loops?.Current;

    private bool IsOnEventLoop => CurrentLoop is not null;

    void IValueTaskSource.GetResult(short token) => _waitSource.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waitSource.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waitSource.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    protected internal override void ScheduleTurn()
    {
        // Its program may have turned out to be slow while it waited.
        if (_waitLoop is null || !context.Latencies.IsFast(_program))
        {
            base.ScheduleTurn();
        }
        else
        {
            (CurrentLoop ?? _waitLoop).Post(WorkPriority.LaneTurn, this);
        }
    }

    /// <inheritdoc/>
    protected override void OnEntered() => _waitSource.SetResult(true);

    /// <summary>Lets the others that have something to do go first.</summary>
    private ValueTask YieldToOthersAsync()
    {
        _waitSource.Reset();
        if (CurrentLoop is { } loop)
        {
            loop.Post(WorkPriority.Background, this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return new ValueTask(this, _waitSource.Version);
    }

    /// <summary>Goes on only once the turns that wait have been taken: to send takes longer than a brief turn, and the lane would stand still meanwhile.</summary>
    private ValueTask YieldToLaneTurnsAsync(EventLoop loop)
    {
        _waitSource.Reset();
        loop.Post(WorkPriority.Send, this);
        return new ValueTask(this, _waitSource.Version);
    }
}
