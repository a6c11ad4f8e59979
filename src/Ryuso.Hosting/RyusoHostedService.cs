using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ryuso.Hosting;

/// <summary>
/// Starts and stops the server with the host. The orchestrator is made at the start, so that a missing service stops the host there.
/// </summary>
internal sealed class RyusoHostedService<TOrchestrator>(IServiceProvider services, IOptionsMonitor<RyusoHostOptions> monitor)
    : IHostedService, IAsyncDisposable
    where TOrchestrator : Orchestrator
{
    private TOrchestrator? _orchestrator;
    private RyusoServer? _server;

    /// <summary>The options of this orchestrator.</summary>
    public RyusoHostOptions Options => monitor.Get(RyusoOrchestratorName.Of<TOrchestrator>());

    /// <summary>The running server; null before the start.</summary>
    public RyusoServer? Server => _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _orchestrator = services.GetRequiredService<TOrchestrator>();
        _server = new RyusoServer(_orchestrator, Options.Server);
        await _server.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The host's token fires after its shutdown timeout; a shorter one of the server's options counts too.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Options.Server.ShutdownTimeout, Options.Server.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await _server.StopAsync(either.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync().ConfigureAwait(false);
        }

        if (_orchestrator is not null)
        {
            await _orchestrator.DisposeHooksAsync().ConfigureAwait(false);
        }
    }
}
