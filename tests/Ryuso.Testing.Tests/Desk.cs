using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>A world of counters, one for each hook: a step adds one and its undoing takes it away again, both at most once for each run.</summary>
internal sealed class Desk : IDisposable
{
    /// <summary>Step a has a dependency d and b stands in a nested program; each has its undoing, but for c.</summary>
    public const string Spec = """
        { "name": "desk",
          "programs": {
            "main": { "hooks": ["hooks.a", "programs.inner", "hooks.c"], "args": { "who": { "type": "string", "required": true } }, "outputs": { "got": { "type": "string", "required": false } } },
            "inner": { "hooks": ["hooks.b"], "args": {}, "outputs": {} } },
          "hooks": {
            "a": { "reference": "desk.hooks.a", "args": {}, "dependencies": ["hooks.d"], "rectifiers": ["hooks.undo_a"] },
            "b": { "reference": "desk.hooks.b", "args": {}, "rectify_self": true, "rectifiers": ["hooks.undo_b"], "timeout_ms": 3600000 },
            "c": { "reference": "desk.hooks.c", "args": {}, "retry": { "attempts": 2, "delay_ms": 3600000 } },
            "d": { "reference": "desk.hooks.d", "args": {}, "rectifiers": ["hooks.undo_d"] },
            "undo_a": { "reference": "desk.hooks.undo_a", "args": {} },
            "undo_b": { "reference": "desk.hooks.undo_b", "args": {} },
            "undo_d": { "reference": "desk.hooks.undo_d", "args": {} } } }
        """;

    private readonly HashSet<string> _done = [];

    /// <summary>What stands; in order.</summary>
    public string Standing => string.Concat(_done.Order());

    public bool IsDisposed { get; private set; }

    /// <summary>What a hook does besides, told its name.</summary>
    public Func<string, HookContext, DataPool, ValueTask<HookResult>>? Besides { get; set; }

    /// <summary>The test of the program "main" over desks whose hooks do something besides.</summary>
    public static ProgramTest<Desk, SpecOrchestrator> Test(Func<string, HookContext, DataPool, ValueTask<HookResult>>? besides = null) => ProgramTest
        .Of(() => new Desk { Besides = besides }, desk => desk.Orchestrator())
        .Program("main", new() { ["who"] = "ann" })
        .Invariant((desk, result) => Assert.Equal(result.IsSuccess ? "abd" : "", desk.Standing));

    public SpecOrchestrator Orchestrator() => SpecOrchestrator.Of(Spec, async (name, pool, context) =>
    {
        await Task.Yield();
        if (name.StartsWith("undo_", StringComparison.Ordinal))
        {
            _done.Remove(name["undo_".Length..]);
        }
        else if (name != "c")
        {
            _done.Add(name);
        }

        return Besides is null ? HookResult.Ok : await Besides(name, context, pool);
    });

    public void Dispose() => IsDisposed = true;
}
