using System.Threading.Tasks.Sources;

namespace Ryuso;

/// <content>Waiting for others: for the lane, and for those that an event loop sees to first. One wait at a time.</content>
internal sealed partial class Connection : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _turn;

    // Where it waits for the lane; null for the pool.
    private EventLoop? _loop;

    private EventLoop? CurrentLoop => serving.Loops?.Current;

    private bool IsOnEventLoop => CurrentLoop is not null;

    void IValueTaskSource.GetResult(short token) => _turn.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _turn.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _turn.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    protected internal override void Summon()
    {
        // Its program may have turned out to be slow while it waited.
        if (_loop is null || !serving.IsSwift(_program))
        {
            base.Summon();
        }
        else
        {
            (CurrentLoop ?? _loop).Post(Urgency.Turn, this);
        }
    }

    /// <inheritdoc/>
    protected override void Begin() => _turn.SetResult(true);

    /// <summary>Lets the others that have something to do go first.</summary>
    private ValueTask StepBackAsync()
    {
        _turn.Reset();
        if (CurrentLoop is { } loop)
        {
            loop.Post(Urgency.Rest, this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return new ValueTask(this, _turn.Version);
    }

    /// <summary>Goes on only once the turns that wait have been taken: to send takes longer than a brief turn, and the lane would stand still meanwhile.</summary>
    private ValueTask LetTurnsPassAsync(EventLoop loop)
    {
        _turn.Reset();
        loop.Post(Urgency.Answer, this);
        return new ValueTask(this, _turn.Version);
    }
}
