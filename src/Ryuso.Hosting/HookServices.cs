using Microsoft.Extensions.DependencyInjection;

namespace Ryuso.Hosting;

/// <summary>
/// Gives hook classes that live as long as the server their services, and refuses scoped ones: the container would do so in Development
/// only, and elsewhere keep one instance for ever.
/// </summary>
internal sealed class HookServices(IServiceProvider provider, IServiceCollection registrations) : IServiceProvider
{
    public object? GetService(Type serviceType) => IsScoped(serviceType)
        ? throw new InvalidOperationException(
            $"The service '{serviceType}' is scoped, and hook classes are made once for all runs. Set ScopePerRun to true, "
            + "so that they are made for each run from a scope of its own, or register the service as a singleton.")
        : provider.GetService(serviceType);

    private bool IsScoped(Type type) => registrations.LastOrDefault(r => r.ServiceType == type && !r.IsKeyedService)
        is { Lifetime: ServiceLifetime.Scoped }
        || (type.IsConstructedGenericType && registrations.All(r => r.ServiceType != type)
            && registrations.LastOrDefault(r => r.ServiceType == type.GetGenericTypeDefinition()) is { Lifetime: ServiceLifetime.Scoped });
}
