namespace Ryuso.Client;

/// <summary>How long to wait before the next attempt: twice as long each time, half of it jitter.</summary>
internal sealed class Backoff(RyusoClientOptions options)
{
    private TimeSpan _next = options.InitialRetryDelay;

    public TimeSpan Next()
    {
        TimeSpan delay = _next * (0.5 + (options.Jitter() / 2));
        _next = _next * 2 < options.MaxRetryDelay ? _next * 2 : options.MaxRetryDelay;
        return delay;
    }

    public void Reset() => _next = options.InitialRetryDelay;
}

/// <summary>How long one call still retries after a failure.</summary>
internal sealed class RetryBudget(RyusoClientOptions options)
{
    private Backoff? _backoff;
    private long _began;
    private int _failures;

    /// <summary>Whether there was one failure and no more.</summary>
    public bool IsFirst => _failures == 1;

    /// <summary>How long the call may still wait; infinite before its first failure.</summary>
    public TimeSpan Left => _began == 0 || options.RetryLimit == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan
        : options.RetryLimit - options.TimeProvider.GetElapsedTime(_began) is var left && left > TimeSpan.Zero ? left
        : TimeSpan.Zero;

    /// <summary>Something went wrong. False where the call should give up.</summary>
    public bool TryContinue()
    {
        _failures++;
        _began = _began == 0 ? options.TimeProvider.GetTimestamp() : _began;
        return Left != TimeSpan.Zero;
    }

    /// <summary>Waits a while, but no longer than the call may.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan delay = (_backoff ??= new Backoff(options)).Next();
        return Task.Delay(Left != Timeout.InfiniteTimeSpan && Left < delay ? Left : delay, options.TimeProvider, cancellationToken);
    }
}
