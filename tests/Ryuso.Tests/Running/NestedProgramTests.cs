using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>A program inside a program: it shares the pool, and its own arguments and outputs count as it begins and ends.</summary>
public sealed class NestedProgramTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task Its_argument_defaults_enter_the_pool_when_it_begins_and_not_before()
    {
        SpecOrchestrator orchestrator = Of(
            innerArgs: """{"x":{"type":"int","required":true,"default":5}}""",
            hook: (name, pool) => { _calls.Add($"{name} {JsonText.Of(pool["x"]) ?? "-"}"); return HookResult.Ok; });
        Assert.Equal("""{"x":5}""", (await orchestrator.AnswerAsync("outer")).ToJsonString());
        Assert.Equal(["before -", "inside 5", "after 5"], _calls);
    }

    [Fact]
    public async Task What_the_pool_holds_already_wins_over_its_default()
    {
        SpecOrchestrator orchestrator = Of(innerArgs: """{"x":{"type":"int","required":true,"default":5}}""");
        Assert.Equal("""{"x":7}""", (await orchestrator.AnswerAsync("outer", """{"x":7}""")).ToJsonString());
    }

    [Theory]
    [InlineData("{}", "The program 'inner' cannot begin: 'x' (int) is missing.")]
    [InlineData("""{"x":"seven"}""", "The program 'inner' cannot begin: 'x' must be int but is string.")]
    public async Task A_wrong_argument_of_it_fails_the_run_before_any_of_its_hooks_and_reverses_what_ran(string pool, string error)
    {
        JsonObject answer = await Of(innerArgs: """{"x":{"type":"int","required":true}}""").AnswerAsync("outer", pool);
        Assert.Equal(["before", "undo"], _calls);
        Assert.Equal(error, (string?)answer["_error"]);
        Assert.Equal("programs.inner", (string?)answer["_last_failed_program"]);
        Assert.Equal("""["hooks.before","hooks.undo"]""", answer["_traceback"]!.ToJsonString());
    }

    [Fact]
    public async Task An_argument_that_an_earlier_hook_provides_is_there_when_it_begins()
    {
        SpecOrchestrator orchestrator = Of(
            innerArgs: """{"x":{"type":"int","required":true}}""",
            hook: (name, pool) => { pool["x"] ??= name == "before" ? 3 : null; return HookResult.Ok; });
        Assert.Equal("""{"x":3}""", (await orchestrator.AnswerAsync("outer")).ToJsonString());
    }

    [Fact]
    public async Task Its_output_defaults_are_in_the_pool_once_it_has_ended()
    {
        SpecOrchestrator orchestrator = Of(
            innerOutputs: """{"x":{"type":"int","required":true,"default":9}}""",
            hook: (name, pool) => { _calls.Add($"{name} {JsonText.Of(pool["x"]) ?? "-"}"); return HookResult.Ok; });
        await orchestrator.AnswerAsync("outer");
        Assert.Equal(["before -", "inside -", "after 9"], _calls);
    }

    [Fact]
    public async Task A_required_output_that_it_does_not_give_fails_the_run_and_reverses_its_hooks_too()
    {
        JsonObject answer = await Of(innerOutputs: """{"x":{"type":"int","required":true}}""").AnswerAsync("outer");
        Assert.Equal(["before", "inside", "undo", "undo"], _calls);
        Assert.Equal("The program 'inner' did not give its outputs: 'x' (int) is missing.", (string?)answer["_error"]);
        Assert.Equal("programs.inner", (string?)answer["_last_failed_program"]);
    }

    [Fact]
    public async Task As_a_dependency_its_failure_is_a_dependencys()
    {
        SpecOrchestrator orchestrator = Of(innerArgs: """{"x":{"type":"int","required":true}}""", outerHooks: """["needs_inner"]""");
        JsonObject answer = await orchestrator.AnswerAsync("outer");
        Assert.True((bool)answer["_dependency_fail"]!);
        Assert.Equal("programs.inner", (string?)answer["_last_failed_program"]);
        Assert.Empty(_calls);
    }

    [Fact]
    public async Task As_a_rectifier_its_wrong_argument_makes_the_run_stuck()
    {
        SpecOrchestrator orchestrator = Of(
            innerArgs: """{"x":{"type":"int","required":true}}""",
            outerHooks: """["undone_by_inner","after"]""",
            hook: (name, _) => { _calls.Add(name); return name == "after" ? HookResult.Fail("no") : HookResult.Ok; });
        JsonObject answer = await orchestrator.AnswerAsync("outer");
        Assert.Equal(["undone_by_inner", "after"], _calls);
        Assert.True((bool)answer["_rectifier_fail"]!);
        Assert.Equal("programs.inner", (string?)answer["_last_failed_program"]);
        Assert.Equal("""["hooks.undone_by_inner"]""", answer["_unrectified"]!.ToJsonString());
    }

    [Fact]
    public async Task It_can_be_run_on_its_own_too()
    {
        SpecOrchestrator orchestrator = Of(innerArgs: """{"x":{"type":"int","required":true}}""");
        Assert.Equal("invalid_arguments", (string?)(await orchestrator.AnswerAsync("inner"))["_error_code"]);
        Assert.Equal("{}", (await orchestrator.AnswerAsync("inner", """{"x":1}""")).ToJsonString());
        Assert.Equal(["inside"], _calls);
    }

    /// <summary>outer = before, inner (= inside), after; its output is x.</summary>
    private SpecOrchestrator Of(
        string innerArgs = "{}",
        string innerOutputs = "{}",
        string outerHooks = """["before","programs.inner","after"]""",
        Func<string, DataPool, HookResult>? hook = null) => SpecOrchestrator.Of(
        $$$$"""
        {
          "name": "t",
          "programs": {
            "outer": { "hooks": {{{{outerHooks}}}}, "args": {}, "outputs": { "x": { "type": "int", "required": false } } },
            "inner": { "hooks": ["inside"], "args": {{{{innerArgs}}}}, "outputs": {{{{innerOutputs}}}} }
          },
          "hooks": {
            "before": { "reference": "t.before", "args": {}, "rectifiers": ["undo"] },
            "inside": { "reference": "t.inside", "args": {}, "rectifiers": ["undo"] },
            "after": { "reference": "t.after", "args": {} },
            "undo": { "reference": "t.undo", "args": {} },
            "needs_inner": { "reference": "t.needs_inner", "args": {}, "dependencies": ["programs.inner"] },
            "undone_by_inner": { "reference": "t.undone_by_inner", "args": {}, "rectifiers": ["programs.inner"] }
          }
        }
        """,
        hook ?? ((name, _) => { _calls.Add(name); return HookResult.Ok; }));
}
