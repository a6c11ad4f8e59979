using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ryuso.Hosting;

/// <summary>Degraded while the journal holds a stuck run, until an operator has settled it.</summary>
internal sealed class RyusoStuckRunsCheck<TOrchestrator>(RyusoHostedService<TOrchestrator> service) : IHealthCheck
    where TOrchestrator : Orchestrator
{
    private const int MaxCounted = 100;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.Options.Server.Journal is not { } journal || service.Server is not { ReadinessProblem: null })
        {
            return HealthCheckResult.Healthy("No journal is open that could hold stuck runs.");
        }

        try
        {
            var query = new RunQuery(RunStatus.Stuck) { Limit = MaxCounted, IncludeEvents = false };
            IReadOnlyList<JournaledRun> stuck = await journal.Runs.ListAsync(query, cancellationToken).ConfigureAwait(false);
            return stuck.Count == 0
                ? HealthCheckResult.Healthy("No run is stuck.")
                : new HealthCheckResult(
                    context.Registration.FailureStatus,
                    $"{(stuck.Count == MaxCounted ? "At least " : "")}{stuck.Count} stuck: an operator must decide. The newest is {stuck[0].RunId}.");
        }
        catch (JournalException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The journal cannot be read.", exception);
        }
    }
}
