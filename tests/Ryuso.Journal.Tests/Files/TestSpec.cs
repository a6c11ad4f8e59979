using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>Small specs and hooks for tests that need a run, not a world.</summary>
internal static class TestSpec
{
    /// <summary>Programs "none", "one" and "three" with as many reversible steps, and "back", which reverses three.</summary>
    public static SpecDefinition Steps { get; } = SpecDefinitions.Compile("""
        {
          "name": "steps",
          "programs": {
            "none": { "hooks": ["hooks.plain"], "args": {}, "outputs": {} },
            "one": { "hooks": ["hooks.plain", "hooks.a"], "args": {}, "outputs": {} },
            "three": { "hooks": ["hooks.plain", "hooks.a", "hooks.b", "hooks.c"], "args": {}, "outputs": {} },
            "back": { "hooks": ["hooks.a", "hooks.b", "hooks.c", "hooks.fail"], "args": {}, "outputs": {} }
          },
          "hooks": {
            "plain": { "reference": "t.plain", "args": {} },
            "fail": { "reference": "t.fail", "args": {} },
            "a": { "reference": "t.a", "args": {}, "rectifiers": ["hooks.ua"] },
            "b": { "reference": "t.b", "args": {}, "rectifiers": ["hooks.ub"] },
            "c": { "reference": "t.c", "args": {}, "rectifiers": ["hooks.uc"] },
            "ua": { "reference": "t.ua", "args": {} },
            "ub": { "reference": "t.ub", "args": {} },
            "uc": { "reference": "t.uc", "args": {} }
          }
        }
        """);

    public static SpecOrchestrator Orchestrator(Action<string>? called = null) => new(Steps, (name, pool, _) =>
    {
        called?.Invoke(name);
        pool["note"] = JsonValue.Create(name);
        return new(name == "fail" ? HookResult.Fail("As asked.") : HookResult.Ok);
    });

    public static async Task<JsonObject> AskAsync(this Orchestrator orchestrator, string program, string? runId = null, JsonObject? pool = null) =>
        (await orchestrator.RunAsync(program, pool, new CallOptions { RunId = runId }, TestContext.Current.CancellationToken)).Answer;
}
