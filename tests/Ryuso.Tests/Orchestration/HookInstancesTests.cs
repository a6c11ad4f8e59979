using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.Definitions;
using Ryuso.TestKit;

namespace Ryuso.Tests.Orchestration;

/// <summary>The instances of hook classes belong to the run where it has a scope, and to all runs where it has not.</summary>
public sealed class HookInstancesTests
{
    private const string Spec = """
        {"name":"scoped","programs":{"work":{"key":"key","hooks":["first","second"],"args":{"key":{"type":"string","required":true}},"outputs":{}}},
         "hooks":{"first":{"reference":"t.first","args":{},"dependencies":[],"rectifiers":[]},"second":{"reference":"t.second","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    [Theory]
    [InlineData(true, 20)]
    [InlineData(false, 1)]
    public async Task Runs_side_by_side_never_meet_the_instances_of_one_another_where_each_has_a_scope(bool isScoped, int expected)
    {
        var orchestrator = new ScopedOrchestrator();
        if (isScoped)
        {
            orchestrator.UseScopePerRun(new EmptyScopes());
        }

        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task<ProgramResult>[] runs = [.. Enumerable.Range(0, 20).Select(i => orchestrator.RunAsync("work", new JsonObject { ["key"] = $"{i}" }, cancellationToken: cancel))];
        await Server.Until.TrueAsync(() => orchestrator.Calls.Count == 20);
        orchestrator.Gate.SetResult();
        Assert.All(await Task.WhenAll(runs), run => Assert.True(run.IsSuccess));
        Assert.Equal(40, orchestrator.Calls.Count);
        Assert.All(orchestrator.Calls.GroupBy(call => call.Key), run => Assert.Single(run.Select(call => call.Instance).Distinct()));
        Assert.Equal(expected, orchestrator.Calls.Select(call => call.Instance).Distinct().Count());
        Assert.Equal(isScoped ? expected : 0, orchestrator.Calls.Select(call => call.Instance).Distinct().Count(instance => instance.IsDisposed));
        await orchestrator.DisposeHooksAsync();
        Assert.All(orchestrator.Calls, call => Assert.True(call.Instance.IsDisposed));
    }

    private sealed class EmptyScopes : IServiceScopeFactory, IServiceScope, IServiceProvider
    {
        public IServiceProvider ServiceProvider => this;

        public IServiceScope CreateScope() => this;

        public object? GetService(Type serviceType) => null;

        public void Dispose()
        {
        }
    }

    private sealed class Instance : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class ScopedOrchestrator : Orchestrator
    {
        public ScopedOrchestrator()
            : base(SpecDefinitions.Compile(Spec)) => MakeHooks(null);

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<(string Key, Instance Instance)> Calls { get; } = new();

        protected override DataPool CreatePool() => new Pool();

        protected override HookInstances CreateHooks() => new Hooks();

        protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context) =>
            WaitAsync((string)pool["key"]!, ((Hooks)hooks)._instance);

        private async ValueTask<HookResult> WaitAsync(string key, Instance instance)
        {
            Calls.Enqueue((key, instance));
            await Gate.Task;
            return HookResult.Ok;
        }

        private sealed class Hooks : HookInstances
        {
            internal Instance _instance = null!;

            protected override void Make(IServiceProvider? services) => _instance = Own(new Instance());
        }

        private sealed class Pool : DataPool;
    }
}
