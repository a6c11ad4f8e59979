using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>The instances of hook classes that were made together, and are disposed of together, the last one first.</summary>
internal sealed class HookInstances
{
    private readonly List<object> _disposable = [];

    public void Add(object hook)
    {
        if (hook is IDisposable or IAsyncDisposable)
        {
            _disposable.Add(hook);
        }
    }

    /// <summary>Disposes of all of them. What one throws is logged: no run is under way that it could concern.</summary>
    public async ValueTask DisposeAsync(ILogger logger)
    {
        for (int i = _disposable.Count - 1; i >= 0; i--)
        {
            try
            {
                if (_disposable[i] is IAsyncDisposable asynchronous)
                {
                    await asynchronous.DisposeAsync().ConfigureAwait(false);
                }
                else
                {
                    ((IDisposable)_disposable[i]).Dispose();
                }
            }
#pragma warning disable CA1031 // Whatever a hook class throws here comes after its runs.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                RunLog.DisposalFailed(logger, exception);
            }
        }

        _disposable.Clear();
    }
}
