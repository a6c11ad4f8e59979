using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>
/// The service scope of one run and the hook classes that are made from it. What fails at its end changes nothing of the run, which has
/// ended before.
/// </summary>
internal sealed class RunScope(Orchestrator orchestrator, IServiceScopeFactory scopes, ILogger logger) : IAsyncDisposable
{
    private readonly AsyncServiceScope _scope = scopes.CreateAsyncScope();
    private HookInstances? _replaced;

    /// <summary>Makes the hook classes.</summary>
    public void MakeHooks() => _replaced = orchestrator.BindServices(_scope.ServiceProvider);

    public async ValueTask DisposeAsync()
    {
        if (_replaced is not null)
        {
            // At the first run, those that were made with the orchestrator.
            await _replaced.DisposeAsync(logger).ConfigureAwait(false);
        }

        await orchestrator.Hooks.DisposeAsync(logger).ConfigureAwait(false);
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
