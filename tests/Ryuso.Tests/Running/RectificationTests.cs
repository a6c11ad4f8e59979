using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>What a run does and how it is rectified, case by case.</summary>
public sealed class RectificationTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task A_failed_step_reverses_what_completed_in_reverse_order_beginning_one_before_it()
    {
        JsonObject answer = await Run("""{"h":["a","b","c","d"],"a":{"r":["ua"]},"b":{"r":["ub"]},"c":{"r":["uc"]}}""", failing: "c");
        Assert.Equal("a b c ub ua", string.Join(' ', _calls));
        Assert.Equal(["hooks.b", "hooks.a"], References(answer, "_rectified"));
        Assert.Equal("hooks.c", (string?)answer["_last_failed_program"]);
        Assert.Equal("c says no", (string?)answer["_error"]);
        Assert.False((bool)answer["_rectifier_fail"]!);
        Assert.Empty(References(answer, "_unrectified"));
    }

    [Fact]
    public async Task Several_rectifiers_of_a_step_run_in_their_listed_order()
    {
        await Run("""{"h":["a","b"],"a":{"r":["u1","u2","u3"]}}""", failing: "b");
        Assert.Equal("a b u1 u2 u3", string.Join(' ', _calls));
    }

    [Fact]
    public async Task Dependencies_run_before_their_hook_and_dependencies_of_dependencies_before_them()
    {
        JsonObject answer = await Run("""{"h":["a"],"a":{"d":["b"]},"b":{"d":["c"]}}""", failing: "a");
        Assert.Equal("c b a", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.b", "hooks.c"], References(answer, "_traceback"));
        Assert.False((bool)answer["_dependency_fail"]!);
    }

    [Fact]
    public async Task A_dependency_of_a_dependency_is_reversed_too_and_last()
    {
        JsonObject answer = await Run("""{"h":["a","x"],"a":{"d":["b"],"r":["ua"]},"b":{"d":["c"],"r":["ub"]},"c":{"r":["uc"]}}""", failing: "x");
        Assert.Equal("c b a x ua ub uc", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.b", "hooks.c"], References(answer, "_rectified"));
        _calls.Clear();
        answer = await Run("""{"h":["a"],"a":{"d":["b"],"r":["ua"]},"b":{"d":["c"],"r":["ub"]},"c":{"r":["uc"]}}""", failing: "b");
        Assert.Equal("c b uc", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.b", "hooks.c", "hooks.uc"], References(answer, "_traceback"));
        Assert.True((bool)answer["_dependency_fail"]!);
    }

    [Fact]
    public async Task A_failing_dependency_is_told_and_completed_dependencies_are_reversed()
    {
        JsonObject answer = await Run("""{"h":["z","a"],"z":{"r":["uz"]},"a":{"d":["b","c"],"r":["ua"]},"b":{"r":["ub"]}}""", failing: "c");
        Assert.Equal("z b c ub uz", string.Join(' ', _calls));
        Assert.True((bool)answer["_dependency_fail"]!);
        Assert.Equal("hooks.c", (string?)answer["_last_failed_program"]);
    }

    [Fact]
    public async Task A_failing_rectifier_stops_everything_and_is_told()
    {
        JsonObject answer = await Run("""{"h":["a","b","c","d"],"a":{"r":["ua"]},"b":{"r":["ub"]},"c":{"r":["uc"]}}""", failing: "d ub");
        Assert.Equal("a b c d uc ub", string.Join(' ', _calls));
        Assert.True((bool)answer["_rectifier_fail"]!);
        Assert.Equal(["hooks.c"], References(answer, "_rectified"));
        Assert.Equal(["hooks.b", "hooks.a"], References(answer, "_unrectified"));
        Assert.Equal("hooks.ub", (string?)answer["_last_failed_program"]);
    }

    [Fact]
    public async Task A_rectifier_has_its_own_dependencies_and_a_failing_one_makes_the_run_stuck()
    {
        const string Spec = """{"h":["a","b"],"a":{"r":["ua"]},"ua":{"d":["prep"]}}""";
        await Run(Spec, failing: "b");
        Assert.Equal("a b prep ua", string.Join(' ', _calls));
        _calls.Clear();
        JsonObject answer = await Run(Spec, failing: "b prep");
        Assert.Equal("a b prep", string.Join(' ', _calls));
        Assert.True((bool)answer["_rectifier_fail"]!);
        Assert.True((bool)answer["_dependency_fail"]!);
        Assert.Equal(["hooks.a"], References(answer, "_unrectified"));
    }

    [Fact]
    public async Task What_ran_as_a_rectifier_is_never_itself_reversed_but_the_same_hook_as_a_step_is()
    {
        JsonObject answer = await Run("""{"h":["a","u","b"],"a":{"r":["u"]},"u":{"r":["uu"]}}""", failing: "b");
        Assert.Equal("a u b uu u", string.Join(' ', _calls));
        Assert.Equal(["hooks.u", "hooks.a"], References(answer, "_rectified"));
    }

    [Fact]
    public async Task The_same_hook_twice_in_a_program_is_reversed_twice()
    {
        await Run("""{"h":["a","a","b"],"a":{"r":["ua"]}}""", failing: "b");
        Assert.Equal("a a b ua ua", string.Join(' ', _calls));
    }

    [Fact]
    public async Task A_nested_program_is_reversed_as_part_of_its_parent()
    {
        await Run("""{"h":["programs.inner","b"],"a":{"r":["ua"]},"inner":["a","c"],"c":{"r":["uc"]}}""", failing: "b");
        Assert.Equal("a c b uc ua", string.Join(' ', _calls));
    }

    [Fact]
    public async Task A_program_may_be_a_rectifier()
    {
        await Run("""{"h":["a","b"],"a":{"r":["programs.inner"]},"inner":["u1","u2"]}""", failing: "b");
        Assert.Equal("a b u1 u2", string.Join(' ', _calls));
    }

    [Fact]
    public async Task A_failing_step_in_a_program_that_is_a_rectifier_makes_the_run_stuck()
    {
        JsonObject answer = await Run("""{"h":["z","a","b"],"z":{"r":["uz"]},"a":{"r":["programs.inner","last"]},"inner":["u1","u2","u3"],"u1":{"r":["never"]}}""", failing: "b u2");
        Assert.Equal("z a b u1 u2", string.Join(' ', _calls));
        Assert.True((bool)answer["_rectifier_fail"]!);
        Assert.Equal("hooks.u2", (string?)answer["_last_failed_program"]);
        Assert.Equal("u2 says no", (string?)answer["_error"]);
        Assert.Empty(References(answer, "_rectified"));
        Assert.Equal(["hooks.a", "hooks.z"], References(answer, "_unrectified"));
    }

    [Fact]
    public async Task A_hook_that_is_rectifier_dependency_and_step_has_the_role_of_each_call()
    {
        const string Spec = """{"h":["u","a","b"],"a":{"d":["u"],"r":["u"]},"u":{"r":["uu"]}}""";
        JsonObject answer = await Run(Spec, failing: "b");
        Assert.Equal("u u a b u uu uu", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.u", "hooks.u"], References(answer, "_rectified"));
        Assert.False((bool)answer["_dependency_fail"]!);
        _calls.Clear();
        answer = await Run(Spec, failing: "u");
        Assert.Equal("u", string.Join(' ', _calls));
        Assert.False((bool)answer["_dependency_fail"]!);
    }

    [Fact]
    public async Task A_step_that_rectifies_itself_runs_its_own_rectifiers_first_when_it_fails()
    {
        const string Spec = """{"h":["z","a"],"z":{"r":["uz"]},"a":{"r":["ua"],"d":["d"],"self":true}}""";
        JsonObject answer = await Run(Spec, failing: "a");
        Assert.Equal("z d a ua uz", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.z"], References(answer, "_rectified"));
        _calls.Clear();
        await Run(Spec, failing: "d");
        Assert.Equal("z d uz", string.Join(' ', _calls));
        _calls.Clear();
        answer = await Run(Spec, failing: "a ua");
        Assert.Equal("z d a ua", string.Join(' ', _calls));
        Assert.Equal(["hooks.a", "hooks.z"], References(answer, "_unrectified"));
    }

    [Fact]
    public async Task A_rectifier_that_rectifies_itself_is_not_reversed_when_it_fails()
    {
        await Run("""{"h":["a","b"],"a":{"r":["ua"]},"ua":{"r":["uua"],"self":true}}""", failing: "b ua");
        Assert.Equal("a b ua", string.Join(' ', _calls));
    }

    [Fact]
    public async Task Steps_without_rectifiers_are_passed_over_and_not_listed()
    {
        JsonObject answer = await Run("""{"h":["a","b","c","d"],"a":{"r":["ua"]},"c":{"r":["uc"]}}""", failing: "d ua");
        Assert.Equal("a b c d uc ua", string.Join(' ', _calls));
        Assert.Equal(["hooks.c"], References(answer, "_rectified"));
        Assert.Equal(["hooks.a"], References(answer, "_unrectified"));
    }

    [Fact]
    public async Task An_exception_shows_its_type_only_and_a_deliberate_failure_its_message()
    {
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
            (_, pool) => pool["secret"] is null ? throw new InvalidOperationException("password is 123") : throw new HookFailedException("no funds"));
        Assert.Equal("The hook 'hooks.a' threw InvalidOperationException.", (string?)(await orchestrator.AnswerAsync("p"))["_error"]);
        Assert.Equal("no funds", (string?)(await orchestrator.AnswerAsync("p", """{"secret":1}"""))["_error"]);
    }

    [Fact]
    public async Task A_pool_kept_beyond_its_run_throws()
    {
        DataPool? kept = null;
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
            (_, pool) => { kept = pool; return HookResult.Ok; });
        await orchestrator.AnswerAsync("p");
        Assert.Throws<ObjectDisposedException>(() => kept!["x"]);
    }

    /// <summary>"h": the program's hooks; an array: a nested program; an object: a hook with "d"ependencies, "r"ectifiers and rectify_"self". Hooks only named are added.</summary>
    private async Task<JsonObject> Run(string shorthand, string failing)
    {
        var source = (JsonObject)JsonNode.Parse(shorthand)!;
        var programs = new JsonObject();
        var hooks = new JsonObject();
        foreach (string name in source.SelectMany(p => Named(p.Key, p.Value!)).Distinct())
        {
            JsonNode? body = source[name];
            hooks[name] = new JsonObject
            {
                ["reference"] = "t.hooks." + name,
                ["args"] = new JsonObject(),
                ["dependencies"] = body?["d"]?.DeepClone() ?? new JsonArray(),
                ["rectifiers"] = body?["r"]?.DeepClone() ?? new JsonArray(),
                ["rectify_self"] = (bool?)body?["self"] ?? false,
            };
        }

        foreach ((string name, JsonNode? body) in source.Where(p => p.Value is JsonArray))
        {
            programs[name == "h" ? "main" : name] = new JsonObject { ["hooks"] = body!.DeepClone(), ["args"] = new JsonObject(), ["outputs"] = new JsonObject() };
        }

        var spec = new JsonObject { ["name"] = "t", ["programs"] = programs, ["hooks"] = hooks };
        string[] fails = failing.Split(' ');
        var orchestrator = SpecOrchestrator.Of(spec.ToJsonString(), (name, _) =>
        {
            _calls.Add(name);
            return fails.Contains(name) ? HookResult.Fail(name + " says no") : HookResult.Ok;
        });
        JsonObject answer = await orchestrator.AnswerAsync("main");
        Assert.True((bool)answer["_program_fail"]!);
        return answer;
    }

    private static IEnumerable<string> Named(string key, JsonNode body) => body switch
    {
        JsonArray list => list.Select(n => n!.GetValue<string>()).Where(n => !n.StartsWith("programs.", StringComparison.Ordinal)),
        _ => new[] { key }.Concat(new[] { body["d"], body["r"] }.OfType<JsonArray>().SelectMany(l => Named(key, l))),
    };

    private static string[] References(JsonObject answer, string name) => [.. answer[name]!.AsArray().Select(r => r!.GetValue<string>())];
}
