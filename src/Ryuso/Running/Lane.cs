namespace Ryuso;

/// <summary>Lets one run through at a time, in the order in which they came.</summary>
internal sealed class Lane
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiters = new();

    // How many hold the lane or wait for it. From nought to one and back needs no lock.
    private int _count;

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiters.Count;
            }
        }
    }

    public bool TryEnter() => Interlocked.CompareExchange(ref _count, 1, 0) == 0;

    public ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (Interlocked.Increment(ref _count) == 1)
            {
                return default;
            }

            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(turn);
        }

        return cancellationToken.CanBeCanceled ? WaitAsync(turn, cancellationToken) : new ValueTask(turn.Task);
    }

    public void Leave()
    {
        if (Interlocked.CompareExchange(ref _count, 0, 1) == 1)
        {
            return;
        }

        lock (_gate)
        {
            while (_waiters.TryDequeue(out TaskCompletionSource? next))
            {
                Interlocked.Decrement(ref _count);
                if (next.TrySetResult())
                {
                    return;
                }
            }

            Interlocked.Decrement(ref _count);
        }
    }

    private static async ValueTask WaitAsync(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        // A waiter that gave up stays queued until its turn, which then passes it over.
        await using (cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken)).ConfigureAwait(false))
        {
            await turn.Task.ConfigureAwait(false);
        }
    }
}
