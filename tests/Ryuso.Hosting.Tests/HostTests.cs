using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Parcels;
using Till;

namespace Ryuso.Hosting.Tests;

/// <summary>A server in the generic host.</summary>
public sealed class HostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Host_serves_an_orchestrator_whose_hooks_come_from_its_container()
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
    public async Task Scope_for_each_run_creates_hooks_anew_and_disposes_of_services_after_the_run()
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
    public async Task Missing_service_stops_the_host_and_names_the_hook_class_and_the_service()
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
    public async Task Wrong_setting_stops_the_host_and_names_its_key()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), null, ("Ryuso:MaxQueueLength", "many"));
        FormatException exception = await Assert.ThrowsAsync<FormatException>(() => host.StartAsync(Cancel));
        Assert.Equal("The setting 'Ryuso:MaxQueueLength' must be a whole number, not 'many'.", exception.Message);
    }

    [Theory]
    [InlineData("Ryuso:Tokn", "secret")]
    [InlineData("Ryuso:Server:Port", "1")]
    [InlineData("Ryuso:Tls", "x")]
    public async Task Unknown_setting_stops_the_host_and_lists_the_known_ones(string key, string value)
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), null, (key, value));
        FormatException exception = await Assert.ThrowsAsync<FormatException>(() => host.StartAsync(Cancel));
        Assert.Contains($"'{string.Join(':', key.Split(':')[..2])}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Token", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ryuso:Listen", "127.0.0.1:0")]
    [InlineData("Ryuso:UnixSocketMode", "8")]
    [InlineData("Ryuso:LogLevel", "7")]
    [InlineData("Ryuso:MaxDepth", "99999999999")]
    [InlineData("Ryuso:ShutdownTimeout", "soon")]
    public async Task Malformed_setting_stops_the_host_and_names_its_key(string key, string value)
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), null, (key, value));
        Assert.Contains($"'{key}'", (await Assert.ThrowsAsync<FormatException>(() => host.StartAsync(Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scoped_service_without_a_scope_for_each_run_stops_the_host_and_names_class_service_and_remedy()
    {
        using IHost host = Make(services => services.AddScoped<Visit>());
        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Cancel));
        foreach (string part in new[] { "Till.Desk", "Till.Visit", "ScopePerRun" })
        {
            Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Scoped_service_that_ends_only_asynchronously_is_disposed_of_after_each_run()
    {
        int ended = 0;
        using IHost host = Make(AddVisitThatEnds(() => ended++), ryuso => ryuso.ScopePerRun = true);
        await host.StartAsync(Cancel);
        Assert.Equal(1, ended);
        TillOrchestrator till = host.Services.GetRequiredService<TillOrchestrator>();
        Assert.True((await till.PayAsync(new(5), Cancel)).IsSuccess);
        Assert.Equal(2, ended);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Scoped_service_that_fails_at_its_end_changes_nothing_of_the_run()
    {
        int ended = 0;
        IPEndPoint? address = null;
        using IHost host = Make(
            AddVisitThatEnds(() => _ = ended++ > 0 ? throw new InvalidTimeZoneException() : 0),
            ryuso => (ryuso.ScopePerRun, ryuso.Server.Started) = (true, a => address = a));
        await host.StartAsync(Cancel);
        Assert.True((await host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel)).IsSuccess);
        Assert.NotNull((await AskAsync(address!, """{"program":"pay","data_pool":{"cents":5}}"""))["visit"]);
        Assert.Equal(3, ended);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Environment_variables_count_under_a_host_and_win()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.MaxQueueLength = 9);
        Environment.SetEnvironmentVariable("RYUSO_TOKEN", "secret");
        Environment.SetEnvironmentVariable("RYUSO_QUEUE", "7");
        RyusoHostOptions options;
        try
        {
            options = Options(host);
        }
        finally
        {
            Environment.SetEnvironmentVariable("RYUSO_TOKEN", null);
            Environment.SetEnvironmentVariable("RYUSO_QUEUE", null);
        }

        Assert.Equal(("secret", 7), (options.Server.Token, options.Server.MaxQueueLength));
        IPEndPoint? address = null;
        options.Server.Started = a => address = a;
        await host.StartAsync(Cancel);
        Assert.Equal("unauthorized", (string?)(await AskAsync(address!, """{"program":"pay","data_pool":{"cents":5}}"""))["_error_code"]);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Environment_variable_malformed_stops_the_host()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>());
        Environment.SetEnvironmentVariable("RYUSO_DEPTH", "deep");
        try
        {
            ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(() => host.StartAsync(Cancel));
            Assert.Contains("RYUSO_DEPTH", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("RYUSO_DEPTH", null);
        }
    }

    [Fact]
    public async Task Stop_that_is_given_up_lets_the_host_end_though_a_hook_never_does()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource();
        IHost host = Make(services => services.AddSingleton(new Visit { Settling = () => { entered.TrySetResult(); return never.Task; } }));
        await host.StartAsync(Cancel);
        _ = host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel);
        await entered.Task.WaitAsync(Cancel);
        using var timeout = new CancellationTokenSource();
        Task stop = host.StopAsync(timeout.Token);
        Assert.False(stop.IsCompleted);
        await timeout.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => stop);
        await ((IAsyncDisposable)host).DisposeAsync();
        never.SetResult();
    }

    [Fact]
    public async Task Disposable_hook_class_is_disposed_of_with_the_host_and_may_fail_then()
    {
        int closed = 0;
        var visit = new Visit { DeskClosed = () => _ = closed++ == 0 ? throw new InvalidTimeZoneException() : 0 };
        IHost host = Make(services => services.AddSingleton(_ => visit));
        await host.StartAsync(Cancel);
        Assert.True((await host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel)).IsSuccess);
        await host.StopAsync(Cancel);
        Assert.Equal(0, closed);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Equal(1, closed);
    }

    [Fact]
    public async Task Disposable_hook_class_is_disposed_of_with_its_run_before_its_services()
    {
        List<string> order = [];
        IHost host = Make(
            services => services
                .AddScoped(_ => new AsyncEnd(() => order.Add("service")))
                .AddScoped(provider =>
                {
                    provider.GetRequiredService<AsyncEnd>();
                    return new Visit { DeskClosed = () => order.Add("hook") };
                }),
            ryuso => ryuso.ScopePerRun = true);
        await host.StartAsync(Cancel);
        TillOrchestrator till = host.Services.GetRequiredService<TillOrchestrator>();
        order.Clear();
        await till.PayAsync(new(5), Cancel);

        // The first is that of the trial at the start.
        Assert.Equal(["hook", "hook", "service"], order);
        order.Clear();
        await till.PayAsync(new(5), Cancel);
        Assert.Equal(["hook", "service"], order);
        await host.StopAsync(Cancel);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Equal(["hook", "service"], order);
    }

    [Fact]
    public async Task Stop_waits_for_a_call_in_process()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource();
        using IHost host = Make(services => services.AddSingleton(new Visit { Settling = () => { entered.TrySetResult(); return end.Task; } }));
        await host.StartAsync(Cancel);
        Task<ProgramResult<PayOutputs>> call = host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel);
        await entered.Task.WaitAsync(Cancel);
        Task stop = host.StopAsync(Cancel);
        while (await IsListeningAsync(host))
        {
            await Task.Yield();
        }

        Assert.False(stop.IsCompleted);
        end.SetResult();
        await stop;
        Assert.True(call.IsCompleted);
    }

    private static async Task<bool> IsListeningAsync(IHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel)).Status == HealthStatus.Healthy;

    private static Action<IServiceCollection> AddVisitThatEnds(Action end) => services => services
        .AddScoped(_ => new AsyncEnd(end))
        .AddScoped(provider =>
        {
            provider.GetRequiredService<AsyncEnd>();
            return new Visit();
        });

    private sealed class AsyncEnd(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return default;
        }
    }

    [Fact]
    public async Task Health_is_asked_of_the_server_in_process_and_needs_no_token()
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.Token = "a \"secret\"");
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
        await host.StartAsync(Cancel);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Cancel)).Status);
        await host.StopAsync(Cancel);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
    }

    [Fact]
    public async Task Two_orchestrators_of_one_host_have_options_of_their_own()
    {
        IPEndPoint? till = null;
        IPEndPoint? parcels = null;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Ryuso:Port", "0"), new("Ryuso:Token", "both"), new("Ryuso:MaxConnections", "11"), new("Ryuso:TillOrchestrator:MaxConnections", "7"),
        ]);
        builder.Services.AddSingleton<Visit>();
        builder.Services.AddRyuso<TillOrchestrator>(ryuso => ryuso.Server.Started = a => till = a);
        builder.Services.AddRyuso<ParcelsOrchestrator>(ryuso => ryuso.Server.Started = a => parcels = a);
        using IHost host = builder.Build();
        await host.StartAsync(Cancel);
        Assert.Equal((7, 11), (Options(host).Server.MaxConnections, Options(host, nameof(ParcelsOrchestrator)).Server.MaxConnections));
        Assert.NotNull((await AskAsync(till!, """{"program":"pay","auth":"both","data_pool":{"cents":5}}"""))["visit"]);
        Assert.True((bool?)(await AskAsync(parcels!, """{"program":"send","auth":"both"}"""))["sent"]);
        Assert.Equal("unauthorized", (string?)(await AskAsync(till!, """{"program":"pay","data_pool":{"cents":5}}"""))["_error_code"]);
        Assert.Equal("unauthorized", (string?)(await AskAsync(parcels!, """{"program":"send"}"""))["_error_code"]);
        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        Assert.Equal(
            [
                "ryuso.ParcelsOrchestrator.ready", "ryuso.ParcelsOrchestrator.stuck", "ryuso.TillOrchestrator.ready", "ryuso.TillOrchestrator.stuck",
            ],
            health.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(HealthStatus.Healthy, health.Status);
        await host.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("Ryuso:TillOrchestrator:Tokn")]
    [InlineData("Ryuso:TillOrchestrator:TillOrchestrator:Token")]
    [InlineData("Ryuso:ParcelsOrchestrator:Token")]
    [InlineData("Ryuso:TillOrchestrator")]
    public async Task Unknown_setting_of_one_orchestrator_stops_the_host(string key)
    {
        using IHost host = Make(services => services.AddSingleton<Visit>(), null, (key, "secret"));
        FormatException exception = await Assert.ThrowsAsync<FormatException>(() => host.StartAsync(Cancel));
        Assert.Contains($"'{string.Join(':', key.Split(':')[..Math.Min(3, key.Split(':').Length)])}"[..20], exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Option_out_of_its_range_stops_the_host_before_anything_is_made()
    {
        using IHost host = Make(_ => { }, null, ("Ryuso:MaxConnections", "0"));
        OptionsValidationException exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancel));
        Assert.Contains("MaxConnections", exception.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(TillOrchestrator), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_call_for_one_orchestrator_sets_further_options()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<Visit>();
        builder.Services.AddRyuso<TillOrchestrator>(ryuso => (ryuso.Server.Port, ryuso.Server.MaxQueueLength) = (0, 3));
        builder.Services.AddRyuso<TillOrchestrator>(ryuso => ryuso.Server.MaxConnections = 4);
        using IHost host = builder.Build();
        Assert.Single(host.Services.GetServices<IHostedService>(), service => service.GetType().Assembly == typeof(RyusoHostOptions).Assembly);
        await host.StartAsync(Cancel);
        Assert.Equal((3, 4), (Options(host).Server.MaxQueueLength, Options(host).Server.MaxConnections));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Host_without_a_socket_binds_nothing_and_runs_programs_in_process()
    {
        var started = new List<IPEndPoint>();
        using IHost host = Make(services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.Started = started.Add, ("Ryuso:ListensOnSocket", "false"));
        await host.StartAsync(Cancel);
        Assert.Empty(started);
        Assert.True((await host.Services.GetRequiredService<TillOrchestrator>().PayAsync(new(5), Cancel)).IsSuccess);
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Cancel)).Status);
        await host.StopAsync(Cancel);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(Cancel)).Status);
    }

    [Fact]
    public async Task Stuck_run_degrades_health_and_leaves_the_server_ready_until_an_operator_has_settled_it()
    {
        string folder = Directory.CreateTempSubdirectory("ryuso-").FullName;
        try
        {
            using IHost host = Make(
                services => services.AddSingleton<Visit>(), ryuso => ryuso.Server.UseSqliteJournal(Path.Combine(folder, "till.ryuso.db")));
            TillOrchestrator till = host.Services.GetRequiredService<TillOrchestrator>();
            till.UseInterceptor(new FailingRectifier());
            await host.StartAsync(Cancel);
            HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
            Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Cancel)).Status);
            ProgramResult<PayOutputs> stuck = await till.PayAsync(new(0), Cancel);
            Assert.True(stuck.IsStuck);
            HealthReport report = await health.CheckHealthAsync(Cancel);
            Assert.Equal(HealthStatus.Degraded, report.Entries["ryuso.TillOrchestrator.stuck"].Status);
            Assert.Contains((string)stuck.Answer["_run_id"]!, report.Entries["ryuso.TillOrchestrator.stuck"].Description, StringComparison.Ordinal);
            Assert.Equal(HealthStatus.Healthy, report.Entries["ryuso.TillOrchestrator.ready"].Status);
            await new StuckRunOperations(Options(host).Server.Journal!).AbandonAsync((string)stuck.Answer["_run_id"]!, "ann", "given back by hand", Cancel);
            while ((await health.CheckHealthAsync(Cancel)).Status != HealthStatus.Healthy)
            {
                await Task.Yield();
            }

            await host.StopAsync(Cancel);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class FailingRectifier : IHookInterceptor
    {
        public ValueTask<HookResult> InvokeAsync(HookInvocation invocation) =>
            invocation.Context.Hook == "hooks.give_back" ? new(HookResult.Fail("The drawer is locked.")) : invocation.InvokeAsync();
    }

    private static RyusoHostOptions Options(IHost host, string name = nameof(TillOrchestrator)) =>
        host.Services.GetRequiredService<IOptionsMonitor<RyusoHostOptions>>().Get(name);

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
