using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ryuso.Hosting;

/// <summary>Starts and stops the server with the host. The orchestrator is made at the start, so that a missing service stops the host there.</summary>
internal sealed class RyusoHostedService<TOrchestrator>(IServiceProvider services, RyusoHostOptions options) : IHostedService, IAsyncDisposable
    where TOrchestrator : Orchestrator
{
    private RyusoServer? _server;

    /// <summary>The running server; null before the start.</summary>
    public RyusoServer? Server => _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _server = new RyusoServer(services.GetRequiredService<TOrchestrator>(), options.Server);
        await _server.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}
