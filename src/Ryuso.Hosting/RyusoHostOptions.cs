namespace Ryuso.Hosting;

/// <summary>
/// How a host serves an orchestrator. The options of each are named after its type (<c>IOptionsMonitor.Get(nameof(ShopOrchestrator))</c>).
/// </summary>
public sealed class RyusoHostOptions
{
    /// <summary>How to listen and what to limit. Services, loggers and the clock come from the host, unless they are set here.</summary>
    public RyusoServerOptions Server { get; } = new();

    /// <summary>
    /// Whether hook classes are created anew for each run, from a service scope that ends with the run, as scoped services need it.
    /// Default false: one instance of each. Configuration key <c>Ryuso:ScopePerRun</c>.
    /// </summary>
    public bool ScopePerRun { get; set; }
}
