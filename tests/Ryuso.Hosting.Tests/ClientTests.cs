using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Till;

namespace Ryuso.Hosting.Tests;

/// <summary>A client in the generic host.</summary>
public sealed class ClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_calls_the_server_of_its_connection_string_with_its_token_and_reports_its_health()
    {
        int port = 0;
        HostApplicationBuilder server = Host.CreateEmptyApplicationBuilder(null);
        server.Services.AddSingleton<Visit>();
        server.Services.AddRyuso<TillOrchestrator>(ryuso =>
            (ryuso.Server.Port, ryuso.Server.Token, ryuso.Server.Started) = (0, "a;b", address => port = address.Port));
        using IHost served = server.Build();
        await served.StartAsync(Cancel);
        await using ServiceProvider client = Make($"Server=127.0.0.1:{port};Token=\"a;b\"");
        Assert.True((await client.GetRequiredService<TillClient>().PayAsync(new(5), cancellationToken: Cancel)).Visit > 0);
        HealthCheckService health = client.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Cancel)).Entries["ryuso.client.till"].Status);
        await served.StopAsync(Cancel);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
    }

    [Fact]
    public async Task Bare_address_is_a_connection_string_and_code_sets_further_options()
    {
        await using ServiceProvider client = Make("127.0.0.1:1", options => options.MaxInFlight = 3);
        Assert.Equal("127.0.0.1:1", client.GetRequiredService<TillClient>().Server);
        RyusoClientOptions options = client.GetRequiredService<IOptionsMonitor<RyusoClientOptions>>().Get("till");
        Assert.Equal((3, null), (options.MaxInFlight, options.Token));
    }

    [Theory]
    [InlineData("Server=127.0.0.1:1;Tokn=secret", "'tokn'")]
    [InlineData("Token=secret", "Server")]
    public async Task Wrong_connection_string_is_refused_and_never_quoted(string text, string expected)
    {
        await using ServiceProvider client = Make(text);
        string message = Assert.Throws<FormatException>(client.GetRequiredService<TillClient>).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("'till'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_connection_string_is_named()
    {
        await using ServiceProvider client = Make(null);
        string message = Assert.Throws<InvalidOperationException>(client.GetRequiredService<TillClient>).Message;
        Assert.Contains("'ConnectionStrings:till'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Client_is_added_once()
    {
        IServiceCollection services = new ServiceCollection().AddRyusoClient<TillClient>("till");
        Assert.Throws<InvalidOperationException>(() => services.AddRyusoClient<TillClient>("other"));
    }

    private static ServiceProvider Make(string? connection, Action<RyusoClientOptions>? configure = null)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:till", connection)]).Build();
        return new ServiceCollection().AddLogging().AddSingleton(configuration)
            .AddRyusoClient<TillClient>("till", options =>
            {
                options.RetryLimit = TimeSpan.Zero;
                configure?.Invoke(options);
            })
            .BuildServiceProvider();
    }
}
