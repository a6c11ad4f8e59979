using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Definitions;

namespace Ryuso.Benchmarks;

/// <summary>
/// Orders whose payment takes half a second, many at once, by sockets: with keys, on one lane, and as plain tasks:
/// <c>dotnet run -c Release -- slow-hooks</c>.
/// </summary>
internal static class SlowHooks
{
    private static readonly TimeSpan s_payment = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync()
    {
        Console.WriteLine("""
            | orders | customers | | all answered after | an unrelated report meanwhile, at most |
            |---|---|---|---|---|
            """);
        await MeasureAsync("plain tasks", 20, 20, (_, _) => Task.Delay(s_payment), () => Task.CompletedTask).ConfigureAwait(false);
        await ServeAsync("keyed", isKeyed: true, 20, 20).ConfigureAwait(false);
        await ServeAsync("keyed, one connection", isKeyed: true, 20, 20, connections: 1).ConfigureAwait(false);
        await ServeAsync("one lane", isKeyed: false, 20, 20).ConfigureAwait(false);
        await ServeAsync("keyed", isKeyed: true, 1000, 100).ConfigureAwait(false);
    }

    private static async Task ServeAsync(string name, bool isKeyed, int orders, int customers, int connections = 64)
    {
        var server = new RyusoServer(new OrdersOrchestrator(isKeyed), new RyusoServerOptions { Port = 0, MaxQueueLength = 2000, LoggerFactory = NullLoggerFactory.Instance });
        await using (server.ConfigureAwait(false))
        {
            await server.StartAsync().ConfigureAwait(false);
            RyusoClient[] clients = [.. Enumerable.Range(0, Math.Min(connections, orders)).Select(_ => new RyusoClient("127.0.0.1", server.EndPoint.Port))];
            var reports = new RyusoClient("127.0.0.1", server.EndPoint.Port);
            await reports.RunAsync("report").ConfigureAwait(false);
            await MeasureAsync(
                name, orders, customers,
                (order, customer) => clients[order % clients.Length].RunAsync("order", new JsonObject { ["customer"] = $"c{customer}" }),
                () => reports.RunAsync("report")).ConfigureAwait(false);
            foreach (RyusoClient client in clients.Append(reports))
            {
                await client.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task MeasureAsync(string name, int orders, int customers, Func<int, int, Task> order, Func<Task> report)
    {
        long began = Stopwatch.GetTimestamp();
        Task all = Task.WhenAll(Enumerable.Range(0, orders).Select(i => order(i, i % customers)));
        double longest = 0;
        while (!all.IsCompleted)
        {
            long asked = Stopwatch.GetTimestamp();
            await report().ConfigureAwait(false);
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            await Task.WhenAny(all, Task.Delay(10)).ConfigureAwait(false);
        }

        await all.ConfigureAwait(false);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {orders} | {customers} | {name} | {Stopwatch.GetElapsedTime(began).TotalSeconds:F2} s | {longest:F1} ms |"));
    }

    private sealed class OrdersOrchestrator(bool isKeyed) : Orchestrator(Spec(isKeyed))
    {
        protected override DataPool CreatePool() => new Pool();

        protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context) =>
            hook == 0 ? PayAsync() : default;

        private static async ValueTask<HookResult> PayAsync()
        {
            await Task.Delay(s_payment).ConfigureAwait(false);
            return HookResult.Ok;
        }

        private static SpecDefinition Spec(bool isKeyed)
        {
            ArgDefinition[] customer = [new(0, "customer", SpecType.String, Required: true)];
            PlanOp[] Line(int hook) => [new(PlanOpKind.EnterHook, hook, false), new(PlanOpKind.InvokeHook, hook, false)];
            return new SpecDefinition(
                "Orders", null, ["customer"],
                [new HookDefinition("hooks.pay", [], []), new HookDefinition("hooks.look", [], [])],
                [
                    new ProgramDefinition("order", null, customer, [], Line(0)) { Key = isKeyed ? ["customer"] : null },
                    new ProgramDefinition("report", null, [], [], Line(1)) { Key = isKeyed ? [] : null },
                ]);
        }

        private sealed class Pool : DataPool;
    }
}
