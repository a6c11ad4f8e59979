using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>The service scope of one run. A service that fails at its end changes nothing of the run, which has ended before.</summary>
internal readonly struct RunScope : IAsyncDisposable
{
    private readonly AsyncServiceScope _scope;
    private readonly ILogger _logger;

    private RunScope(AsyncServiceScope scope, ILogger logger)
    {
        _scope = scope;
        _logger = logger;
    }

    public IServiceProvider Services => _scope.ServiceProvider;

    public static RunScope Begin(IServiceScopeFactory scopes, ILogger logger) => new(scopes.CreateAsyncScope(), logger);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _scope.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a service throws here comes after the run.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.ScopeFailed(_logger, exception);
        }
    }
}
