using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ryuso;
using Ryuso.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a Ryuso server to a host.</summary>
public static class RyusoServiceCollectionExtensions
{
    /// <summary>
    /// Serves an orchestrator while the host runs. Options come from the configuration section <c>Ryuso</c> and then from
    /// <paramref name="configure"/>; hook classes get their constructor parameters from the container; the health check <c>ryuso</c> pings the server.
    /// </summary>
    /// <typeparam name="TOrchestrator">The generated orchestrator. It is a singleton of the container, for calls without a socket.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; null for none.</param>
    public static IServiceCollection AddRyuso<TOrchestrator>(this IServiceCollection services, Action<RyusoHostOptions>? configure = null)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => Options(provider, configure));
        services.TryAddSingleton(static provider => Make<TOrchestrator>(provider));
        services.AddSingleton<RyusoHostedService<TOrchestrator>>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<RyusoHostedService<TOrchestrator>>());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "ryuso",
            static provider => new RyusoHealthCheck<TOrchestrator>(provider.GetRequiredService<RyusoHostedService<TOrchestrator>>(), provider.GetRequiredService<RyusoHostOptions>()),
            failureStatus: null,
            tags: ["ryuso"]));
        return services;
    }

    private static RyusoHostOptions Options(IServiceProvider provider, Action<RyusoHostOptions>? configure)
    {
        var options = new RyusoHostOptions();
        if (provider.GetService<IConfiguration>()?.GetSection(RyusoConfiguration.Section) is { } section)
        {
            RyusoConfiguration.ApplyTo(options, section);
        }

        configure?.Invoke(options);
        options.Server.Services ??= provider;
        options.Server.LoggerFactory ??= provider.GetService<ILoggerFactory>();
        options.Server.TimeProvider = provider.GetService<TimeProvider>() ?? options.Server.TimeProvider;
        return options;
    }

    private static TOrchestrator Make<TOrchestrator>(IServiceProvider provider)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        RyusoHostOptions options = provider.GetRequiredService<RyusoHostOptions>();
        if (!options.ScopePerRun)
        {
            return TOrchestrator.Create(provider, options.Server.LoggerFactory?.CreateLogger("Ryuso"), options.Server.TimeProvider);
        }

        // Made once from a scope, so that a missing service stops the host and not the first run.
        IServiceScopeFactory scopes = provider.GetRequiredService<IServiceScopeFactory>();
        using IServiceScope first = scopes.CreateScope();
        TOrchestrator orchestrator = TOrchestrator.Create(first.ServiceProvider, options.Server.LoggerFactory?.CreateLogger("Ryuso"), options.Server.TimeProvider);
        orchestrator.UseScopePerRun(scopes);
        return orchestrator;
    }
}
