namespace Ryuso.Hosting;

/// <summary>How a host serves an orchestrator.</summary>
public sealed class RyusoHostOptions
{
    /// <summary>How to listen and what to limit. The host sets its services, its loggers and its clock unless something is set already.</summary>
    public RyusoServerOptions Server { get; } = new();

    /// <summary>Whether hook classes are made anew for each run, from a scope that ends with the run. Default false: one instance of each.</summary>
    public bool ScopePerRun { get; set; }
}
