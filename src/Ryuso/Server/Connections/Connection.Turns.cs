using System.Threading.Tasks.Sources;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Connections;

/// <content>Waits for the lane, and for what an event loop does first. One wait at a time.</content>
internal sealed partial class Connection : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _waitSource;

    // The loop on which it goes on once it has the lane; null for the thread pool.
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

    /// <summary>Lets the other connections of the loop go first.</summary>
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

    /// <summary>
    /// Goes on once the queued lane turns have been taken: a send takes longer than a short turn, and the lane would be idle meanwhile.
    /// </summary>
    private ValueTask YieldToLaneTurnsAsync(EventLoop loop)
    {
        _waitSource.Reset();
        loop.Post(WorkPriority.Send, this);
        return new ValueTask(this, _waitSource.Version);
    }
}
