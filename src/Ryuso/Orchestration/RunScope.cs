using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ryuso.Definitions;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>
/// The service scope of one run and the hook classes that are made from it. What fails at its end changes nothing of the run, which has
/// ended before.
/// </summary>
internal sealed class RunScope(HookInstances hooks, IServiceScopeFactory scopes, ILogger logger) : IAsyncDisposable
{
    private readonly AsyncServiceScope _scope = scopes.CreateAsyncScope();

    /// <summary>Makes the hook classes.</summary>
    public HookInstances MakeHooks()
    {
        hooks.MakeAll(_scope.ServiceProvider);
        return hooks;
    }

    public async ValueTask DisposeAsync()
    {
        await hooks.DisposeAsync(logger).ConfigureAwait(false);
        try
        {
            await _scope.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a service throws here comes after the run.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DisposalFailed(logger, exception);
        }
    }
}
