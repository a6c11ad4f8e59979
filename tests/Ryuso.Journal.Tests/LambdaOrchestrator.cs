using Ryuso.Definitions;

namespace Ryuso.Journal.Tests;

internal delegate ValueTask<HookResult> Hook(string name, DataPool pool, HookContext context);

/// <summary>Runs a spec whose hooks are one lambda: the runtime path of generated code, without the compiler.</summary>
internal sealed class LambdaOrchestrator(SpecDefinition definition, Hook hook, Microsoft.Extensions.Logging.ILogger? logger = null, TimeProvider? time = null)
    : Orchestrator(definition, logger, time)
{
    protected override DataPool CreatePool() => new Pool();

    protected override ValueTask<HookResult> InvokeAsync(int hookIndex, DataPool pool, in HookContext context) =>
        hook(Definition.Hooks[hookIndex].Reference["hooks.".Length..], pool, context);

    private sealed class Pool : DataPool;
}
