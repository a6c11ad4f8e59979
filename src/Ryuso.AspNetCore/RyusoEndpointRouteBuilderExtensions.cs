using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Ryuso;
using Ryuso.AspNetCore;
using Ryuso.Definitions;
using Ryuso.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the programs of a spec to HTTP.</summary>
public static class RyusoEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Serves each program as <c>POST prefix/program</c>, with the data pool as body and the outputs as answer, and the description of all as
    /// <c>GET prefix</c>. Everyone may call them unless the result says who, as with <c>RequireAuthorization()</c>.
    /// </summary>
    /// <typeparam name="TOrchestrator">The generated orchestrator, which <c>services.AddRyuso</c> has added.</typeparam>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">What the routes begin with, such as <c>/programs</c>.</param>
    /// <param name="configure">Sets options; null for none.</param>
    /// <returns>For conventions of all these routes.</returns>
    /// <exception cref="InvalidOperationException">The orchestrator was not added to the services.</exception>
    public static IEndpointConventionBuilder MapRyuso<TOrchestrator>(
        this IEndpointRouteBuilder endpoints, string prefix, Action<RyusoHttpOptions>? configure = null)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        var options = new RyusoHttpOptions();
        configure?.Invoke(options);
        TOrchestrator orchestrator = endpoints.ServiceProvider.GetService<TOrchestrator>() ?? throw new InvalidOperationException(
            $"'{typeof(TOrchestrator)}' is not among the services: call builder.Services.AddRyuso<{typeof(TOrchestrator).Name}>() before MapRyuso.");
        int maxBytes = endpoints.ServiceProvider.GetRequiredService<IOptionsMonitor<RyusoHostOptions>>()
            .Get(typeof(TOrchestrator).Name).Server.MaxRequestBytes;
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        foreach (ProgramDefinition program in orchestrator.Definition.Programs)
        {
            var endpoint = new ProgramEndpoint(orchestrator, program, options, maxBytes);
            group.MapPost("/" + program.Name, (RequestDelegate)endpoint.HandleAsync).WithDisplayName($"Ryuso {program.Name}");
        }

        var others = new OtherEndpoints(orchestrator);
        group.MapGet("", (RequestDelegate)others.DescribeAsync).WithDisplayName("Ryuso programs");
        group.Map("/{program}", others.RefuseAsync).WithDisplayName("Ryuso unknown program");
        return group;
    }
}
