using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Till;

namespace Ryuso.Hosting.Tests;

/// <summary>A server in the generic host.</summary>
public sealed class HostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_serves_an_orchestrator_whose_hooks_come_from_its_container()
    {
        IPEndPoint? address = null;
        using IHost host = Make(services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.Started = a => address = a);
        await host.StartAsync(Cancel);
        long first = (long)(await AskAsync(address!, """{"program":"pay","data_pool":{"cents":5}}"""))["visit"]!;
        long second = (long)(await AskAsync(address!, """{"program":"pay","data_pool":{"cents":5}}"""))["visit"]!;
        Assert.Equal(first, second);
        ProgramResult<PayOutputs> inProcess = await host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel);
        Assert.Equal(first, inProcess.Outputs!.Visit);
        await host.StopAsync(Cancel);
        await Assert.ThrowsAsync<SocketException>(() => AskAsync(address!, "{}"));
    }

    [Fact]
    public async Task With_a_scope_for_each_run_hooks_are_made_anew_and_disposed_of_after_the_run()
    {
        using IHost host = Make(services => services.AddScoped<Visit>(), ryuso => ryuso.ScopePerRun = true);
        await host.StartAsync(Cancel);
        TillOrchestrator till = host.Services.GetRequiredService<TillOrchestrator>();
        long open = Visit.Open;
        long first = (await till.PayAsync(new(5), Cancel)).Outputs!.Visit;
        long second = (await till.PayAsync(new(5), Cancel)).Outputs!.Visit;
        Assert.NotEqual(first, second);
        Assert.False((await till.PayAsync(new(0), Cancel)).IsSuccess);
        Assert.Equal(open, Visit.Open);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_missing_service_stops_the_host_at_its_start_and_names_the_hook_class_and_the_service()
    {
        using IHost host = Make(_ => { });
        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Cancel));
        Assert.Contains("Till.Desk", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Till.Visit", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_come_from_the_configuration_and_then_from_code()
    {
        RyusoHostOptions? seen = null;
        using IHost host = Make(
            services => services.AddSingleton<Visit>(),
            ryuso => { ryuso.Server.MaxQueueLength = 9; seen = ryuso; },
            ("Ryuso:MaxQueueLength", "7"), ("Ryuso:ReceiveTimeout", "00:00:05"), ("Ryuso:MaxConnections", "11"));
        await host.StartAsync(Cancel);
        Assert.Equal((9, TimeSpan.FromSeconds(5), 11), (seen!.Server.MaxQueueLength, seen.Server.ReceiveTimeout, seen.Server.MaxConnections));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_wrong_setting_stops_the_host_and_names_its_key()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), null, ("Ryuso:MaxQueueLength", "many"));
        FormatException exception = await Assert.ThrowsAsync<FormatException>(() => host.StartAsync(Cancel));
        Assert.Equal("The setting 'Ryuso:MaxQueueLength' must be a whole number, not 'many'.", exception.Message);
    }

    [Fact]
    public async Task The_health_check_pings_the_server_token_included()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.Token = "a \"secret\"");
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
        await host.StartAsync(Cancel);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Cancel)).Status);
        await host.StopAsync(Cancel);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
    }

    private static IHost Make(Action<IServiceCollection> add, Action<RyusoHostOptions>? configure = null, params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Ryuso:Port", "0"), .. settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value))]);
        add(builder.Services);
        builder.Services.AddRyuso<TillOrchestrator>(configure);
        return builder.Build();
    }

    private static async Task<JsonObject> AskAsync(IPEndPoint address, string request) =>
        (JsonObject)JsonNode.Parse(await Served.AskAsync(address, request))!;
}
