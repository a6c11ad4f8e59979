using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>The time limit of one try of a hook: fires the token that the hook has. The run waits for the callbacks of that token as it waits for the hook.</summary>
internal sealed class TimeLimit : IAsyncDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer _timer;
    private readonly string _hook;
    private readonly ILogger _logger;

    public TimeLimit(string hook, TimeSpan limit, TimeProvider time, ILogger logger)
    {
        _hook = hook;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((TimeLimit)state!).Reach(), this, limit, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => _source.Token;

    public bool IsReached => _source.IsCancellationRequested;

    /// <summary>Never throws: on a timer's thread that would end the process.</summary>
    public void Reach()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The hook has ended just now.
        }
#pragma warning disable CA1031 // A hook's callback may throw anything. The step fails by its time limit in any case.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.CancellationCallbackFailed(_logger, _hook, exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _timer.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The hook has ended, and how is known: a clock that throws does not change it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DisposalFailed(_logger, exception);
        }

        _source.Dispose();
    }
}
