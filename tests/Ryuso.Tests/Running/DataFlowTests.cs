using System.Buffers;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ryuso.Orchestration;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>How variables enter, travel and leave.</summary>
public sealed class DataFlowTests
{
    [Fact]
    public async Task Only_declared_outputs_that_are_present_come_back_and_unknown_keys_travel_masked()
    {
        JsonNode? seen = null;
        var orchestrator = One(outputs: """{"a":{"type":"int","required":false},"gone":{"type":"int","required":false}}""", hook: (_, pool) => { seen = pool["extra"]; return HookResult.Ok; });
        JsonObject answer = await orchestrator.AnswerAsync("p", """{"a":1,"extra":[1,{"x":2.50}]}""");
        Assert.Equal("""{"a":1}""", answer.ToJsonString());
        Assert.Equal("""[1,{"x":2.50}]""", seen!.ToJsonString());
    }

    [Fact]
    public async Task Defaults_of_program_args_enter_the_pool_and_are_fresh_for_each_run()
    {
        var orchestrator = One(
            args: """{"l":{"type":"list","required":true,"default":[]}}""",
            outputs: """{"l":{"type":"list","required":true}}""",
            hook: (_, pool) =>
            {
                JsonArray list = pool["l"]!.AsArray();
                list.Add(1);
                pool["l"] = list;
                return HookResult.Ok;
            });
        await orchestrator.AnswerAsync("p");
        Assert.Equal("""{"l":[1]}""", (await orchestrator.AnswerAsync("p")).ToJsonString());
    }

    [Fact]
    public async Task A_null_is_absence_so_the_default_holds()
    {
        var orchestrator = One(args: """{"a":{"type":"int","required":true,"default":7}}""", outputs: """{"a":{"type":"int","required":true}}""");
        Assert.Equal("""{"a":7}""", (await orchestrator.AnswerAsync("p", """{"a":null}""")).ToJsonString());
    }

    [Fact]
    public async Task Output_defaults_fill_what_is_absent_and_floats_keep_a_fraction()
    {
        var orchestrator = One(outputs: """{"f":{"type":"float","required":true,"default":5},"g":{"type":"float","required":false}}""");
        JsonObject answer = await orchestrator.AnswerAsync("p", """{"g":3}""");
        Assert.Equal("""{"f":5.0,"g":3.0}""", answer.ToJsonString());
    }

    [Fact]
    public async Task A_missing_required_output_reverses_everything()
    {
        List<string> calls = [];
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{"x":{"type":"int","required":true}}}},"hooks":{"a":{"reference":"x.a","args":{},"rectifiers":["u"]},"u":{"reference":"x.u","args":{}}}}""",
            (name, _) => { calls.Add(name); return HookResult.Ok; });
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.Equal(["a", "u"], calls);
        Assert.Equal("programs.p", (string?)answer["_last_failed_program"]);
        Assert.Contains("'x' (int) is missing", (string?)answer["_error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hook_arguments_are_checked_after_the_dependencies_ran()
    {
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{"x":{"type":"int","required":true}}}},"hooks":{"a":{"reference":"x.a","args":{"x":{"type":"int","required":true}},"dependencies":["d"]},"d":{"reference":"x.d","args":{}}}}""",
            (name, pool) => { if (name == "d") { pool["x"] = 4; } return HookResult.Ok; });
        Assert.Equal("""{"x":4}""", (await orchestrator.AnswerAsync("p")).ToJsonString());
    }

    [Fact]
    public async Task A_default_of_a_hook_argument_fills_the_record_and_not_the_pool()
    {
        var hooks = new ScriptedHooks((_, _) => Act.Ok, ["i", "l"]);
        var spec = (JsonObject)JsonNode.Parse("""{"name":"t","programs":{"p":{"hooks":["a","a"],"args":{},"outputs":{"i":{"type":"int","required":false}}}},"hooks":{"a":{"reference":"t.a","args":{"i":{"type":"int","required":true,"default":5},"l":{"type":"list","required":false,"default":[1]}}}}}""")!;
        Orchestrator orchestrator = GeneratedOrchestrator.Of(spec, hooks, TimeProvider.System);
        Assert.Equal("{}", (await orchestrator.RunAsync("p", cancellationToken: TestContext.Current.CancellationToken)).Answer.ToJsonString());
        await orchestrator.RunAsync("p", new JsonObject { ["i"] = 6 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([("i=5 l=[1]", ""), ("i=5 l=[1]", ""), ("i=6 l=[1]", "i=6"), ("i=6 l=[1]", "i=6")], hooks.Calls.Select(c => (c.Args, c.Pool)));
    }

    [Fact]
    public async Task Metadata_keeps_every_form_of_name_and_value()
    {
        List<string?> seen = [];
        var orchestrator = One(hook: (_, pool) =>
        {
            seen.AddRange(((string[])["_a", "__b", "_", "_c d", "_n", "a"]).Select(name => JsonText.Of(pool[name])));
            return HookResult.Fail("");
        });
        JsonObject answer = await orchestrator.AnswerAsync("p", metadata: """{"a":1,"__b":[2.50],"":{},"c d":"x","n":null}""");
        Assert.Equal(["1", "[2.50]", "{}", "\"x\"", null, null], seen);
        Assert.Equal(["_", "__b", "_a", "_c d"], answer.Select(p => p.Key).Where(k => k is "_" or "__b" or "_a" or "_c d" or "_n" or "a").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_successful_answer_has_no_magic_variable_and_no_metadata() =>
        Assert.Equal("{}", (await One().AnswerAsync("p", """{"_m":1}""", """{"user":"u"}""")).ToJsonString());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_begins_when_its_caller_looked_at_the_clock_where_that_is_the_clock_of_the_runs(bool hasClockOfItsOwn)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"t.a","args":{}}}}""",
            (_, _, _) => new(HookResult.Fail("")),
            time: hasClockOfItsOwn ? time : null);
        long began = await StartOfAsync(orchestrator, now: 0);
        long hourAgo = await StartOfAsync(orchestrator, Stopwatch.GetTimestamp() - (3600 * Stopwatch.Frequency));
        Assert.InRange(began - hourAgo, hasClockOfItsOwn ? 0 : 3_500_000, hasClockOfItsOwn ? 0 : 3_600_100);
    }

    private static async Task<long> StartOfAsync(SpecOrchestrator orchestrator, long now)
    {
        var answer = new ArrayBufferWriter<byte>();
        RunExecutor executor = orchestrator.Executors.Rent();
        Assert.True(executor.TryRead("""{"program":"p"}"""u8, out _));
        Assert.Null(executor.Admit(program: 0));
        await executor.RunAsync(answer, now);
        orchestrator.Executors.Return(executor);
        return (long)JsonNode.Parse(answer.WrittenSpan)!["_program_time_start"]!;
    }

    [Fact]
    public async Task Each_run_has_an_id_of_its_own_and_the_time_at_which_it_began()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(NaiveInterpreter.Now));
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"t.a","args":{}}}}""",
            (_, _, _) =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return new(HookResult.Fail(""));
            },
            time: time);
        JsonObject[] answers = [await orchestrator.AnswerAsync("p"), await orchestrator.AnswerAsync("p")];
        Assert.Equal([NaiveInterpreter.Now, NaiveInterpreter.Now + 1_000], answers.Select(a => (long)a["_program_time_start"]!));
        string[] ids = [.. answers.Select(a => (string)a["_run_id"]!)];
        Assert.All(ids, id => Assert.Equal(7, Guid.Parse(id).Version));
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Fact]
    public async Task A_hook_cannot_set_what_the_engine_owns()
    {
        JsonObject answer = await One(hook: (_, pool) => { pool["_run_id"] = "mine"; return HookResult.Ok; }).AnswerAsync("p");
        Assert.Equal("The hook 'hooks.a' threw ArgumentException.", (string?)answer["_error"]);
    }

    [Fact]
    public async Task All_missing_and_mistyped_arguments_are_told_at_once_and_nothing_runs()
    {
        bool ran = false;
        var orchestrator = One(args: """{"a":{"type":"int","required":true},"b":{"type":"string","required":true},"c":{"type":"float","required":true}}""", hook: (_, _) => { ran = true; return HookResult.Ok; });
        JsonObject answer = await orchestrator.AnswerAsync("p", """{"a":1.5,"c":2}""");
        Assert.Equal("invalid_arguments", (string?)answer["_error_code"]);
        Assert.Contains("'a' must be int but is float; 'b' (string) is missing", (string?)answer["_server_error"], StringComparison.Ordinal);
        Assert.False(ran);
    }

    [Fact]
    public async Task Metadata_becomes_magic_variables_with_and_without_an_underscore()
    {
        var orchestrator = One(hook: (_, pool) => HookResult.Fail($"{pool["_user"]} {pool["_flag"]}"));
        JsonObject answer = await orchestrator.AnswerAsync("p", metadata: """{"user":"u","_flag":true}""");
        Assert.Equal("u true", (string?)answer["_error"]);
        Assert.Equal("u", (string?)answer["_user"]);
    }

    [Theory]
    [InlineData("_program_fail")]
    [InlineData("_dependency_fail")]
    [InlineData("_rectifier_fail")]
    [InlineData("_last_failed_program")]
    [InlineData("_error")]
    [InlineData("_traceback")]
    [InlineData("_rectified")]
    [InlineData("_unrectified")]
    [InlineData("_program_name")]
    [InlineData("_program_time_start")]
    [InlineData("_run_id")]
    [InlineData("_server_error")]
    [InlineData("_error_code")]
    public async Task Engine_owned_names_cannot_be_forged(string name)
    {
        List<string?> seen = [];
        var orchestrator = One(hook: (_, pool) =>
        {
            seen.Add(JsonText.Of(pool[name]));
            return pool["fail"] is null ? HookResult.Ok : HookResult.Fail("no");
        });
        foreach ((string pool, string metadata) in new[] { ($"\"{name}\":\"forged\"", ""), ("", $"\"{name}\":\"forged\""), ("", $"\"{name[1..]}\":\"forged\"") })
        {
            Assert.Equal("{}", (await orchestrator.AnswerAsync("p", $"{{{pool}}}", $"{{{metadata}}}")).ToJsonString());
            JsonObject answer = await orchestrator.AnswerAsync("p", $"{{\"fail\":1{(pool.Length > 0 ? "," : "")}{pool}}}", $"{{{metadata}}}");
            Assert.Equal("no", (string?)answer["_error"]);
            Assert.DoesNotContain("forged", answer.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("\"forged\"", seen);
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""", "{}")]
    [InlineData("{}", """{"user":1,"_user":2}""")]
    public async Task A_variable_named_twice_is_rejected(string pool, string metadata)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        string request = $$$"""{"program":"p","data_pool":{{{pool}}},"metadata":{{{metadata}}}}""";
        await One().RunRequestAsync(System.Text.Encoding.UTF8.GetBytes(request), buffer, TestContext.Current.CancellationToken);
        Assert.Contains("\"_error_code\":\"bad_request\"", System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_no_json_can_hold_is_a_step_failure()
    {
        var orchestrator = One(outputs: """{"l":{"type":"list","required":false}}""", hook: (_, pool) => { pool["l"] = new JsonArray(double.NaN); return HookResult.Ok; });
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.True((bool)answer["_program_fail"]!);
    }

    [Fact]
    public async Task A_float_that_a_hook_sets_through_the_indexer_stays_a_float()
    {
        string? hidden = null;
        var orchestrator = One(
            outputs: """{"f":{"type":"float","required":true}}""",
            hook: (_, pool) =>
            {
                pool["f"] = 3.0;
                pool["hidden"] = 3.0;
                hidden = JsonText.Of(pool["hidden"]);
                return HookResult.Ok;
            });
        Assert.Equal("""{"f":3.0}""", (await orchestrator.AnswerAsync("p")).ToJsonString());
        Assert.Equal("3.0", hidden);
        var asInt = One(outputs: """{"i":{"type":"int","required":true}}""", hook: (_, pool) => { pool["i"] = 3.0; return HookResult.Ok; });
        Assert.Contains("'i' must be int but is float", (string?)(await asInt.AnswerAsync("p"))["_error"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_number_that_JSON_does_not_have_fails_the_step_and_says_so(double number)
    {
        JsonObject answer = await One(hook: (_, pool) => { pool["f"] = number; return HookResult.Ok; }).AnswerAsync("p");
        Assert.Contains("JSON has no such number", (string?)answer["_error"], StringComparison.Ordinal);
        Assert.Equal("hooks.a", (string?)answer["_last_failed_program"]);
    }

    [Fact]
    public async Task An_unknown_program_is_rejected_with_the_nearest_names()
    {
        JsonObject answer = await One().AnswerAsync("q");
        Assert.Equal("unknown_program", (string?)answer["_error_code"]);
        Assert.Contains("'p'", (string?)answer["_server_error"], StringComparison.Ordinal);
    }

    private static SpecOrchestrator One(string args = "{}", string outputs = "{}", Func<string, DataPool, HookResult>? hook = null) => SpecOrchestrator.Of(
        $$$$$"""{"name":"t","programs":{"p":{"hooks":["a"],"args":{{{{{args}}}}},"outputs":{{{{{outputs}}}}} }},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
        hook ?? ((_, _) => HookResult.Ok));
}
