using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Ryuso;
using Ryuso.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a Ryuso server to a host.</summary>
public static class RyusoServiceCollectionExtensions
{
    /// <summary>
    /// Serves an orchestrator while the host runs. Options come from the configuration section <c>Ryuso</c>, which holds for every orchestrator
    /// of the host, then from the section below it that is named after the orchestrator's type (<c>Ryuso:ShopOrchestrator</c>), then from
    /// <paramref name="configure"/>, then from the <c>RYUSO_*</c> environment variables, which win as they do without a host. Hook classes
    /// get their constructor parameters from the container. The health check <c>ryuso.ShopOrchestrator.ready</c> (tag <c>ready</c>) asks the
    /// server whether it takes requests, <c>ryuso.ShopOrchestrator.stuck</c> (tag <c>stuck</c>) is degraded while a run is stuck.
    /// </summary>
    /// <typeparam name="TOrchestrator">
    /// The generated orchestrator. It is a singleton of the container, for calls without a socket.
    /// </typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options; null for none. A second call for the same orchestrator sets further ones.</param>
    /// <exception cref="InvalidOperationException">Another orchestrator of the same name was added.</exception>
    public static IServiceCollection AddRyuso<TOrchestrator>(this IServiceCollection services, Action<RyusoHostOptions>? configure = null)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(services);
        string name = RyusoOrchestratorName.Of<TOrchestrator>();
        RyusoOrchestratorName? added = services.Select(s => s.ImplementationInstance).OfType<RyusoOrchestratorName>().FirstOrDefault(o => o.Name == name);
        if (added is not null && added.Type != typeof(TOrchestrator))
        {
            throw new InvalidOperationException(
                $"'{added.Type}' and '{typeof(TOrchestrator)}' have one name, and so would their options. Give one spec another name.");
        }

        OptionsBuilder<RyusoHostOptions> options = services.AddOptions<RyusoHostOptions>(name);
        if (added is null)
        {
            services.AddSingleton(new RyusoOrchestratorName(name, typeof(TOrchestrator)));
            options.Configure<IServiceProvider>((set, provider) => Read(set, provider, name)).ValidateOnStart();
            AddServices<TOrchestrator>(services, name);
        }

        options.Configure(set => configure?.Invoke(set));
        return services;
    }

    private static void AddServices<TOrchestrator>(IServiceCollection services, string name)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        services.AddOptions<RyusoHostOptions>(name).PostConfigure<IServiceProvider>(Complete);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RyusoHostOptions>, RyusoOptionsValidator>());
        services.TryAddSingleton(provider => Make<TOrchestrator>(provider, services));
        services.AddSingleton<RyusoHostedService<TOrchestrator>>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<RyusoHostedService<TOrchestrator>>());
        services.AddHealthChecks()
            .Add(new HealthCheckRegistration(
                $"ryuso.{name}.ready",
                static provider => new RyusoReadinessCheck<TOrchestrator>(provider.GetRequiredService<RyusoHostedService<TOrchestrator>>()),
                failureStatus: null,
                tags: ["ryuso", "ready"]))
            .Add(new HealthCheckRegistration(
                $"ryuso.{name}.stuck",
                static provider => new RyusoStuckRunsCheck<TOrchestrator>(provider.GetRequiredService<RyusoHostedService<TOrchestrator>>()),
                HealthStatus.Degraded,
                tags: ["ryuso", "stuck"]));
    }

    private static void Read(RyusoHostOptions options, IServiceProvider provider, string name)
    {
        if (provider.GetService<IConfiguration>() is { } configuration)
        {
            string[] orchestrators = [.. provider.GetServices<RyusoOrchestratorName>().Select(o => o.Name)];
            RyusoConfiguration.ApplyTo(options, configuration, name, orchestrators);
        }

        // Twice, as without a host: code sees what the variables say, and they win over what it sets.
        options.Server.ApplyEnvironmentVariables();
    }

    private static void Complete(RyusoHostOptions options, IServiceProvider provider)
    {
        options.Server.ApplyEnvironmentVariables();
        options.Server.Services ??= provider;
        options.Server.LoggerFactory ??= provider.GetService<ILoggerFactory>();
        options.Server.TimeProvider = provider.GetService<TimeProvider>() ?? options.Server.TimeProvider;
    }

    private static TOrchestrator Make<TOrchestrator>(IServiceProvider provider, IServiceCollection registrations)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        RyusoHostOptions options = provider.GetRequiredService<IOptionsMonitor<RyusoHostOptions>>().Get(RyusoOrchestratorName.Of<TOrchestrator>());
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
