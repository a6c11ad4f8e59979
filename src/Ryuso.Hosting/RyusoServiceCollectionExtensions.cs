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
    /// Serves an orchestrator while the host runs. Options come from the configuration section <c>Ryuso</c>, then from
    /// <paramref name="configure"/>, then from the <c>RYUSO_*</c> environment variables, which win as they do without a host. Hook classes
    /// get their constructor parameters from the container; the health check <c>ryuso</c> pings the server.
    /// </summary>
    /// <typeparam name="TOrchestrator">
    /// The generated orchestrator. It is a singleton of the container, for calls without a socket.
    /// </typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; null for none.</param>
    public static IServiceCollection AddRyuso<TOrchestrator>(this IServiceCollection services, Action<RyusoHostOptions>? configure = null)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => Options(provider, configure));
        services.TryAddSingleton(provider => Make<TOrchestrator>(provider, services));
        services.AddSingleton<RyusoHostedService<TOrchestrator>>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<RyusoHostedService<TOrchestrator>>());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            "ryuso",
            static provider => new RyusoHealthCheck<TOrchestrator>(
                provider.GetRequiredService<RyusoHostedService<TOrchestrator>>(), provider.GetRequiredService<RyusoHostOptions>()),
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

        // Twice, as without a host: code sees what the variables say, and they win over what it sets.
        options.Server.ApplyEnvironmentVariables();
        configure?.Invoke(options);
        options.Server.ApplyEnvironmentVariables();
        options.Server.Services ??= provider;
        options.Server.LoggerFactory ??= provider.GetService<ILoggerFactory>();
        options.Server.TimeProvider = provider.GetService<TimeProvider>() ?? options.Server.TimeProvider;
        return options;
    }

    private static TOrchestrator Make<TOrchestrator>(IServiceProvider provider, IServiceCollection registrations)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        RyusoHostOptions options = provider.GetRequiredService<RyusoHostOptions>();
        ILogger? logger = options.Server.LoggerFactory?.CreateLogger("Ryuso");
        if (!options.ScopePerRun)
        {
            var services = new HookServices(provider, registrations);
            return TOrchestrator.Create(services, logger, options.Server.TimeProvider);
        }

        // Made once from a scope, so that a missing service stops the host and not the first run.
        IServiceScopeFactory scopes = provider.GetRequiredService<IServiceScopeFactory>();
        AsyncServiceScope first = scopes.CreateAsyncScope();
        try
        {
            TOrchestrator orchestrator = TOrchestrator.Create(first.ServiceProvider, logger, options.Server.TimeProvider);
            orchestrator.UseScopePerRun(scopes);
            return orchestrator;
        }
        finally
        {
            // The container's factories are synchronous, and some services can only be disposed of asynchronously.
            first.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
