namespace Ryuso.Hosting;

/// <summary>An orchestrator of the host: the name of its options, of its configuration section and of its health checks.</summary>
/// <param name="Name">The type's name.</param>
/// <param name="Type">The type.</param>
internal sealed record RyusoOrchestratorName(string Name, Type Type)
{
    public static string Of<TOrchestrator>() => typeof(TOrchestrator).Name;
}
