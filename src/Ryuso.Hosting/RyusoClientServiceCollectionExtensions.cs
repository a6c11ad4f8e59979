using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Ryuso;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the client of a Ryuso server to a host.</summary>
public static class RyusoClientServiceCollectionExtensions
{
    // A health check that takes as long as a call may retry is no answer.
    private static readonly TimeSpan s_healthTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Adds a client as a singleton. Its server is the connection string <paramref name="name"/>: an address as the server's option
    /// <c>--listen</c> says it (<c>tls:shop.example:60857</c>), or <c>Server=ADDRESS;Token=TEXT</c>. The health check
    /// <c>ryuso.client.NAME</c> pings the server.
    /// </summary>
    /// <typeparam name="TClient">The generated client.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The name of the connection string, and of the <see cref="RyusoClientOptions"/>.</param>
    /// <param name="configure">Sets options, and wins over the connection string; null for none.</param>
    /// <exception cref="InvalidOperationException">The client was added before.</exception>
    public static IServiceCollection AddRyusoClient<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TClient>(
        this IServiceCollection services, string name, Action<RyusoClientOptions>? configure = null)
        where TClient : RyusoClient
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (services.Any(service => service.ServiceType == typeof(TClient)))
        {
            throw new InvalidOperationException($"The client '{typeof(TClient)}' was added before.");
        }

        ConstructorInfo make = typeof(TClient).GetConstructor([typeof(string), typeof(RyusoClientOptions)])
            ?? throw new InvalidOperationException($"'{typeof(TClient)}' needs a constructor that takes a server's address and RyusoClientOptions.");
        services.AddOptions<RyusoClientOptions>(name)
            .Configure<IServiceProvider>((options, provider) =>
            {
                options.Token = Connection(provider, name).Token;
                options.Logger = provider.GetService<ILoggerFactory>()?.CreateLogger("Ryuso.Client") ?? options.Logger;
                options.TimeProvider = provider.GetService<TimeProvider>() ?? options.TimeProvider;
            })
            .Configure(options => configure?.Invoke(options));
        services.AddSingleton(provider => (TClient)make.Invoke(
            BindingFlags.DoNotWrapExceptions,
            binder: null,
            [Connection(provider, name).Server, provider.GetRequiredService<IOptionsMonitor<RyusoClientOptions>>().Get(name)],
            culture: null));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            $"ryuso.client.{name}",
            static provider => new PingCheck(provider.GetRequiredService<TClient>()),
            failureStatus: null,
            tags: ["ryuso"],
            s_healthTimeout));
        return services;
    }

    private static (string Server, string? Token) Connection(IServiceProvider provider, string name)
    {
        string text = provider.GetService<IConfiguration>()?.GetConnectionString(name)
            ?? throw new InvalidOperationException(
                $"There is no connection string '{name}': set 'ConnectionStrings:{name}' to the server's address, such as 127.0.0.1:60856.");
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            return (text, null);
        }

        var parts = new DbConnectionStringBuilder { ConnectionString = text };
        foreach (string key in parts.Keys)
        {
            if (!key.Equals("server", StringComparison.OrdinalIgnoreCase) && !key.Equals("token", StringComparison.OrdinalIgnoreCase))
            {
                throw new FormatException($"The connection string '{name}' has no key '{key}'. Its keys are Server and Token.");
            }
        }

        return parts.TryGetValue("Server", out object? server)
            ? ((string)server, parts.TryGetValue("Token", out object? token) ? (string)token : null)
            : throw new FormatException($"The connection string '{name}' needs the key Server, such as Server=127.0.0.1:60856.");
    }

    /// <summary>What it throws, the health service reports.</summary>
    private sealed class PingCheck(RyusoClient client) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await client.PingAsync(cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy($"The server at {client.Server} answers.");
        }
    }
}
