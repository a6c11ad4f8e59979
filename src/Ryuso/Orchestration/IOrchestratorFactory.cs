using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Makes an orchestrator without reflection. Generated orchestrators implement it, so that a server or host needs only their type.</summary>
/// <typeparam name="TOrchestrator">The orchestrator.</typeparam>
public interface IOrchestratorFactory<out TOrchestrator>
    where TOrchestrator : Orchestrator
{
    /// <summary>Makes the orchestrator and its hook classes.</summary>
    /// <param name="services">Where the constructor parameters of the hook classes come from; null when there are none.</param>
    /// <param name="logger">Where runs are logged; null for nowhere.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="InvalidOperationException">A service that a hook class needs is not registered.</exception>
    static abstract TOrchestrator Create(IServiceProvider? services, ILogger? logger, TimeProvider? timeProvider);
}
