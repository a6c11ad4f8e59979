using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Ryuso.Recording;

namespace Ryuso.Server.Connections;

/// <summary>The runs of one connection that are under way side by side. Their answers are sent in the order of the requests.</summary>
/// <remarks>
/// <para>The gate guards the queue and the flags. The connection adds, runs complete, and one flow at a time sends:</para>
/// <list type="table">
/// <item><term>idle</term><description>the first in the queue is not completed, or the queue is empty</description></item>
/// <item><term>sending</term><description>begins when the first is completed; ends when the first is not, or none is left</description></item>
/// </list>
/// <para>The send buffer is the sender's while there is anything in the queue, and the connection's while there is not.</para>
/// </remarks>
[DebuggerDisplay("{_queue.Count} runs, sending {_isSending}")]
internal sealed class OrderedRuns(Connection connection, ServerContext context, SendBuffer sendBuffer) : IValueTaskSource
{
    private readonly Lock _gate = new();
    private readonly Queue<OrderedRun> _queue = [];
    private readonly Stack<OrderedRun> _idle = [];
    private readonly List<OrderedRun> _batch = [];
    private ManualResetValueTaskSourceCore<bool> _changed;
    private Exception? _failure;
    private bool _isSending;
    private int _awaitedCount = -1;

    /// <summary>Whether any is under way, or its answer is not sent.</summary>
    public bool Any
    {
        get
        {
            lock (_gate)
            {
                return _isSending || _queue.Count > 0;
            }
        }
    }

    /// <summary>Whether as many are under way as may.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count >= ServerTuning.MaxRunsPerConnection;
            }
        }
    }

    /// <summary>Whether nothing follows what is being sent.</summary>
    public bool IsLast
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count == 0;
            }
        }
    }

    /// <summary>Whether the client can receive nothing more.</summary>
    public bool IsPeerGone => _failure is not null || connection.IsPeerGone;

    void IValueTaskSource.GetResult(short token) => _changed.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _changed.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _changed.OnCompleted(continuation, state, token, flags);

    /// <summary>Begins with a client.</summary>
    public void Open() => _failure = null;

    /// <summary>Makes a run ready to be filled. It is not under way yet.</summary>
    public OrderedRun Rent()
    {
        lock (_gate)
        {
            return _idle.TryPop(out OrderedRun? run) ? run : new OrderedRun(this, context);
        }
    }

    /// <summary>Adds a run: its answer comes after all those before it.</summary>
    public void Add(OrderedRun run)
    {
        lock (_gate)
        {
            _queue.Enqueue(run);
        }
    }

    /// <summary>The answer of a run is there.</summary>
    public void Complete(OrderedRun run)
    {
        context.Memory.ChargeAnswer(run.AnswerLength);
        lock (_gate)
        {
            run.IsCompleted = true;
            if (_isSending || _queue.Peek() != run)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendCompletedAsync();
    }

    /// <summary>Waits until fewer are under way than may.</summary>
    public ValueTask WaitForRoomAsync() => WaitForCountAsync(ServerTuning.MaxRunsPerConnection - 1);

    /// <summary>Waits until all have ended and their answers are sent, but for those that remain in the send buffer.</summary>
    /// <exception cref="IOException">The client takes no answers any more.</exception>
    public async ValueTask WaitForAllAsync()
    {
        await WaitForCountAsync(0).ConfigureAwait(false);
        if (_failure is not null)
        {
            throw new IOException("The client takes no answers any more.", _failure);
        }
    }

    /// <summary>Waits until all have ended. Their answers are dropped.</summary>
    public async ValueTask AbandonAsync()
    {
        lock (_gate)
        {
            _failure ??= new IOException("The client has gone.");
        }

        await WaitForCountAsync(0).ConfigureAwait(false);
    }

    private ValueTask WaitForCountAsync(int count)
    {
        lock (_gate)
        {
            if (_queue.Count <= count && (count > 0 || !_isSending))
            {
                return default;
            }

            Debug.Assert(_awaitedCount < 0, "One waits at a time: the connection.");
            _changed.Reset();
            _changed.RunContinuationsAsynchronously = true;
            _awaitedCount = count;
            return new ValueTask(this, _changed.Version);
        }
    }

    /// <summary>Sends answers as long as the first is there.</summary>
    private async Task SendCompletedAsync()
    {
        while (true)
        {
            bool isAwaited;
            bool isEnd;
            lock (_gate)
            {
                ReturnBatch();
                while (_queue.TryPeek(out OrderedRun? first) && first.IsCompleted && _batch.Count < ServerTuning.MaxBatchedRequests)
                {
                    _batch.Add(_queue.Dequeue());
                }

                isEnd = _batch.Count == 0;
                _isSending = !isEnd;
                isAwaited = _awaitedCount >= 0 && _queue.Count <= _awaitedCount && (_awaitedCount > 0 || isEnd);
                _awaitedCount = isAwaited ? -1 : _awaitedCount;
            }

            if (isAwaited)
            {
                _changed.SetResult(true);
            }

            if (isEnd)
            {
                return;
            }

            await SendBatchAsync().ConfigureAwait(false);
        }
    }

    private void ReturnBatch()
    {
        foreach (OrderedRun sent in _batch)
        {
            context.Memory.ReleaseAnswer(sent.AnswerLength);
            sent.Clear();
            if (_idle.Count < ServerTuning.MaxPooledRuns)
            {
                _idle.Push(sent);
            }
        }

        _batch.Clear();
    }

    private async ValueTask SendBatchAsync()
    {
        long position = 0;
        foreach (OrderedRun run in _batch)
        {
            position = Math.Max(position, run.Recorded?.Position ?? 0);
        }

        if (position > 0)
        {
            await context.Orchestrator.FlushAsync(position, canWait: false).ConfigureAwait(false);
        }

        if (_failure is not null)
        {
            return;
        }

        try
        {
            foreach (OrderedRun run in _batch)
            {
                Write(run);
            }

            await connection.SendOrderedAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is: the client gets no further answer, and the connection hears of it when it looks next.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (_gate)
            {
                _failure ??= exception;
            }

            connection.Cut();
        }
    }

    private void Write(OrderedRun run)
    {
        if (run.Recorded is { } recorded)
        {
            context.Memory.ReleaseAnswer(run.AnswerLength);
            ReadOnlySpan<byte> json = (context.Orchestrator.IsDurable(recorded) ? recorded : PendingAnswer.OutcomeUnknown()).Json.Span;
            json.CopyTo(run.Answer.GetSpan(json.Length));
            run.Answer.Advance(json.Length);
            run.Answer.End();
            context.Memory.ChargeAnswer(run.AnswerLength);
        }

        ReadOnlySpan<byte> answer = run.Answer.Written.Span;
        answer.CopyTo(sendBuffer.GetSpan(answer.Length));
        sendBuffer.Advance(answer.Length);
    }
}
