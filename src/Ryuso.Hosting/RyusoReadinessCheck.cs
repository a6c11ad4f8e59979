using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ryuso.Hosting;

/// <summary>Asks the server in process whether it should be sent requests.</summary>
internal sealed class RyusoReadinessCheck<TOrchestrator>(RyusoHostedService<TOrchestrator> service) : IHealthCheck
    where TOrchestrator : Orchestrator
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string? problem = service.Server is { } server ? server.ReadinessProblem : "The server has not been started.";
        return Task.FromResult(problem is null
            ? HealthCheckResult.Healthy("The server takes requests.")
            : new HealthCheckResult(context.Registration.FailureStatus, problem));
    }
}
