using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ryuso.Definitions;

namespace Ryuso.TestKit;

/// <summary>What all hooks of a spec do.</summary>
internal delegate ValueTask<HookResult> Hook(string name, DataPool pool, HookContext context);

/// <summary>Runs a spec whose hooks are lambdas: the runtime path of generated code, without the compiler.</summary>
internal sealed class SpecOrchestrator : Orchestrator
{
    private readonly Hook _hook;

    public SpecOrchestrator(SpecDefinition definition, Hook hook, ILogger? logger = null, TimeProvider? time = null)
        : base(definition, logger, time) => _hook = hook;

    public static SpecOrchestrator Of(
        string spec,
        Hook hook,
        ILogger? logger = null,
        TimeProvider? time = null) => new(SpecDefinitions.Compile(spec), hook, logger, time);

    public static SpecOrchestrator Of(string spec, Func<string, DataPool, HookResult> hook) =>
        Of(spec, (name, pool, _) => new ValueTask<HookResult>(hook(name, pool)));

    public async Task<JsonObject> AnswerAsync(string program, string pool = "{}", string metadata = "{}")
    {
        ProgramResult result = await RunAsync(program, (JsonObject)JsonNode.Parse(pool)!, (JsonObject)JsonNode.Parse(metadata)!, TestContext.Current.CancellationToken);
        return result.Answer;
    }

    protected override DataPool CreatePool() => new Pool();

    protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context) =>
        _hook(Definition.Hooks[hook].Reference["hooks.".Length..], pool, context);

    private sealed class Pool : DataPool;
}
