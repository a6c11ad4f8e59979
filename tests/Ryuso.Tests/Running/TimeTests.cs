using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>Retries, time limits and who may interrupt what, on a clock that moves only when told.</summary>
public sealed class TimeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _calls = [];
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _token;

    [Fact]
    public async Task A_retried_hook_is_traced_at_each_try_and_its_dependencies_run_once()
    {
        List<(int, string)> tries = [];
        SpecOrchestrator orchestrator = Of("""{"hooks":["a","b"]}""", """ "dependencies":["d"],"retry":{"attempts":3,"delay_ms":0}""", (name, context) =>
        {
            if (name == "a")
            {
                tries.Add((context.Attempt, context.IdempotencyKey));
            }

            return new(name == "b" || (name == "a" && tries.Count < 3) ? HookResult.Fail("not yet") : HookResult.Ok);
        });
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.Equal("""["hooks.a","hooks.d","hooks.a","hooks.a","hooks.b","hooks.ua"]""", answer["_traceback"]!.ToJsonString());
        Assert.Equal("d a a a b ua", string.Join(' ', _calls));
        Assert.Equal([1, 2, 3], tries.Select(t => t.Item1));
        Assert.Single(tries.Select(t => t.Item2).Distinct());
    }

    [Fact]
    public async Task A_hook_whose_tries_are_used_up_has_failed_with_the_last_reason()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", """ "retry":{"attempts":2,"delay_ms":0}""", (_, context) => new(HookResult.Fail($"try {context.Attempt}")));
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.Equal("try 2", (string?)answer["_error"]);
        Assert.Equal("a a", string.Join(' ', _calls));
    }

    [Theory]
    [InlineData(false, null, "refused")]
    [InlineData(false, "card_declined", "card_declined")]
    [InlineData(true, null, "refused")]
    [InlineData(true, "card_declined", "card_declined")]
    [InlineData(true, "no code at all", "refused")]
    public async Task A_refusal_is_final_whatever_tries_are_left(bool throws, string? code, string expected)
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["b","a"]}""", """ "retry":{"attempts":5,"delay_ms":1000}""", (name, _) =>
            name != "a" ? new(HookResult.Ok)
            : throws ? throw new HookRefusedException("The card was declined.") { Code = code }
            : new(HookResult.Refuse("The card was declined.", code)));
        ProgramResult result = await orchestrator.RunAsync("p", [], null, TestContext.Current.CancellationToken);
        Assert.Equal("b a ub", string.Join(' ', _calls));
        Assert.Equal(("The card was declined.", expected, "hooks.a"), (result.Error, result.ErrorCode, result.LastFailed));
        Assert.Equal(["hooks.b"], result.Rectified);
        Assert.Empty(result.Unrectified);
        Assert.False(result.IsRejected);
    }

    [Fact]
    public async Task A_refusal_after_the_time_limit_is_final_too()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", """ "timeout_ms":100,"retry":{"attempts":3,"delay_ms":0}""", async (_, context) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return HookResult.Refuse("The card was declined.");
        });
        Task<JsonObject> run = orchestrator.AnswerAsync("p");
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("timed_out", (string?)(await run)["_error_code"]);
        Assert.Equal("a", string.Join(' ', _calls));
    }

    [Fact]
    public async Task A_refusing_rectifier_is_not_tried_again_and_the_run_is_stuck()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a","b"]}""", "", (name, _) =>
            new(name switch { "b" => HookResult.Fail("no", "first"), "ua" => HookResult.Refuse("never", "second"), _ => HookResult.Ok }));
        ProgramResult result = await orchestrator.RunAsync("p", [], null, TestContext.Current.CancellationToken);
        Assert.Equal("a b ua", string.Join(' ', _calls));
        Assert.True(result.IsStuck);
        Assert.Equal(("never", "second"), (result.Error, result.ErrorCode));
        Assert.Equal(["hooks.a"], result.Unrectified);
    }

    [Fact]
    public async Task A_rectifier_knows_the_key_of_the_step_that_it_reverses()
    {
        Dictionary<string, (string Key, string? Reversed)> keys = [];
        SpecOrchestrator orchestrator = Of("""{"hooks":["d","a","b"]}""", "", (name, context) =>
        {
            keys[name] = (context.IdempotencyKey, context.ReversedKey);
            return new(name == "b" ? HookResult.Fail("no") : HookResult.Ok);
        });
        await orchestrator.AnswerAsync("p");
        Assert.Equal(keys["a"].Key, keys["ua"].Reversed);
        Assert.NotEqual(keys["a"].Key, keys["ua"].Key);
        Assert.Null(keys["a"].Reversed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("\u00e4")]
    [InlineData("a\n")]
    public void What_is_no_code_is_refused_where_a_hook_gives_it(string code)
    {
        Assert.Throws<ArgumentException>(() => HookResult.Fail("why", code));
        Assert.Throws<ArgumentException>(() => HookResult.Refuse("why", code));
        Assert.Equal("a-B_3.c", HookResult.Fail("why", "a-B_3.c").Code);
        Assert.Equal(("failed", "refused", null), (HookResult.Fail("why").Code, HookResult.Refuse("why").Code, HookResult.Ok.Code));
        Assert.Throws<ArgumentException>(() => HookResult.Fail("why", new string('a', 65)));
    }

    [Fact]
    public async Task What_is_wrong_with_its_arguments_fails_a_step_at_once_whatever_tries_it_has_left()
    {
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            """
            { "name": "t", "programs": { "p": { "hooks": ["a"], "args": {}, "outputs": {} } },
              "hooks": { "a": { "reference": "t.a", "args": { "x": { "type": "int", "required": true } }, "retry": { "attempts": 3, "delay_ms": 0 } } } }
            """,
            (name, _, _) =>
            {
                _calls.Add(name);
                return new(HookResult.Ok);
            },
            time: _time);
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.Equal("The hook 'hooks.a' cannot run: 'x' (int) is missing.", (string?)answer["_error"]);
        Assert.Equal("""["hooks.a"]""", answer["_traceback"]!.ToJsonString());
        Assert.Empty(_calls);
    }

    [Fact]
    public async Task A_retry_waits_for_its_delay()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", """ "retry":{"attempts":2,"delay_ms":500}""", (_, context) => new(context.Attempt == 1 ? HookResult.Fail("") : HookResult.Ok));
        Task<JsonObject> run = orchestrator.AnswerAsync("p");
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal("a", string.Join(' ', _calls));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("{}", (await run).ToJsonString());
        Assert.Equal("a a", string.Join(' ', _calls));
    }

    [Theory]
    [InlineData(""" "factor":3,"jitter":false """, new double[] { 100, 300, 900, 2_700 })]
    [InlineData(""" "factor":3,"max_delay_ms":500,"jitter":false """, new double[] { 100, 300, 500, 500 })]
    [InlineData(""" "factor":1.5,"jitter":false """, new double[] { 100, 150, 225, 337.5 })]
    [InlineData(""" "max_delay_ms":500 """, new double[] { 100, 100, 100, 100 })]
    public async Task Delays_grow_by_the_factor_up_to_the_longest(string keys, double[] delays)
    {
        var recorded = new List<TimeSpan>();
        SpecOrchestrator orchestrator = FailsFourTimes(keys);
        orchestrator.UseInterceptor(new DelayRecorder(recorded));
        Assert.Equal("{}", (await orchestrator.AnswerAsync("p")).ToJsonString());
        Assert.Equal(delays, recorded.Select(delay => delay.TotalMilliseconds));
    }

    /// <summary>Where the delay grows it is random unless the spec says otherwise: from half of it to all of it.</summary>
    [Theory]
    [InlineData(""" "factor":2 """, true)]
    [InlineData(""" "factor":2,"jitter":false """, false)]
    [InlineData(""" "factor":1 """, false)]
    [InlineData(""" "jitter":true """, true)]
    public async Task Jitter_takes_up_to_half_of_a_delay(string keys, bool hasJitter)
    {
        var delays = new List<TimeSpan>();
        for (int run = 0; run < 20; run++)
        {
            SpecOrchestrator orchestrator = FailsFourTimes(keys);
            orchestrator.UseInterceptor(new DelayRecorder(delays));
            Assert.Equal("{}", (await orchestrator.AnswerAsync("p")).ToJsonString());
        }

        double factor = keys.Contains("\"factor\":2", StringComparison.Ordinal) ? 2 : 1;
        Assert.All(delays.Index(), delay =>
        {
            double whole = 100 * Math.Pow(factor, delay.Index % 4);
            Assert.InRange(delay.Item.TotalMilliseconds, hasJitter ? whole / 2 : whole, whole);
        });
        Assert.Equal(hasJitter, delays.Where((_, i) => i % 4 == 0).Distinct().Count() > 1);
    }

    private SpecOrchestrator FailsFourTimes(string keys) => Of(
        """{"hooks":["a"]}""",
        $$""" "retry":{"attempts":5,"delay_ms":100,{{keys}}} """,
        (_, context) => new(context.Attempt < 5 ? HookResult.Fail("") : HookResult.Ok));

    private sealed class DelayRecorder(List<TimeSpan> delays) : IHookInterceptor
    {
        public ValueTask<HookResult> InvokeAsync(HookInvocation invocation) => invocation.InvokeAsync();

        public TimeSpan GetRetryDelay(string hook, TimeSpan delay)
        {
            delays.Add(delay);
            return TimeSpan.Zero;
        }
    }

    [Fact]
    public async Task A_rectifier_is_retried_before_the_run_is_stuck()
    {
        int tries = 0;
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            Spec("""{"hooks":["a","b"]}""", ""),
            (name, _, context) => new(name == "b" || (name == "ua" && ++tries < 2) ? HookResult.Fail("no") : HookResult.Ok));
        JsonObject answer = await orchestrator.AnswerAsync("p");
        Assert.False((bool)answer["_rectifier_fail"]!);
        Assert.Equal("""["hooks.a","hooks.b","hooks.ua","hooks.ua"]""", answer["_traceback"]!.ToJsonString());
        Assert.Equal("""["hooks.a"]""", answer["_rectified"]!.ToJsonString());
    }

    [Fact]
    public async Task A_hook_that_ignores_its_time_limit_has_failed_and_everything_waits_until_it_has_really_ended()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["b","a"]}""", """ "timeout_ms":100""", WaitInA);
        Task<JsonObject> run = orchestrator.AnswerAsync("p");
        Task<JsonObject> next = orchestrator.AnswerAsync("q");
        await _entered.Task;
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(_token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromHours(1));

        // The way back and the next run are yet to begin.
        Assert.Equal("b a", string.Join(' ', _calls));
        Assert.False(run.IsCompleted);
        _gate.SetResult();
        JsonObject answer = await run;
        Assert.Equal("The hook 'hooks.a' did not end within its 100 ms.", (string?)answer["_error"]);
        await next;
        Assert.Equal("b a (a ends) ub b", string.Join(' ', _calls));
    }

    [Fact]
    public async Task A_hook_that_heeds_its_token_is_told_as_too_late_and_not_as_cancelled()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", """ "timeout_ms":100""", async (_, context) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return HookResult.Ok;
        });
        Task<JsonObject> run = orchestrator.AnswerAsync("p");
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("The hook 'hooks.a' did not end within its 100 ms.", (string?)(await run)["_error"]);
        Assert.Equal("timed_out", (string?)(await run)["_error_code"]);
    }

    [Fact]
    public async Task Each_try_has_a_time_limit_of_its_own()
    {
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", """ "timeout_ms":100,"retry":{"attempts":2,"delay_ms":60}""", (_, context) =>
        {
            Assert.False(context.CancellationToken.IsCancellationRequested);
            if (context.Attempt == 1)
            {
                return new(HookResult.Fail("once more"));
            }

            _time.Advance(TimeSpan.FromMilliseconds(99));
            return default;
        });
        Task<JsonObject> run = orchestrator.AnswerAsync("p");
        _time.Advance(TimeSpan.FromMilliseconds(60));
        Assert.Equal("{}", (await run).ToJsonString());
    }

    [Fact]
    public async Task A_hook_without_a_time_limit_is_never_cancelled_nor_is_a_rectifier_by_the_caller()
    {
        using var caller = new CancellationTokenSource();
        SpecOrchestrator orchestrator = Of("""{"hooks":["a","b"]}""", "", (name, context) => name == "b" ? new(HookResult.Fail("")) : name == "ua" ? WaitInA("a", context) : default);
        Task<ProgramResult> run = orchestrator.RunAsync("p", cancellationToken: caller.Token);
        await _entered.Task;
        await caller.CancelAsync();
        Assert.False(_token.CanBeCanceled);
        _gate.SetResult();
        Assert.Equal("""["hooks.a"]""", (await run).Answer["_rectified"]!.ToJsonString());
    }

    [Fact]
    public async Task A_caller_that_gives_up_waiting_for_the_lane_runs_nothing_and_holds_up_nobody()
    {
        using var caller = new CancellationTokenSource();
        SpecOrchestrator orchestrator = Of("""{"hooks":["a"]}""", "", WaitInA);
        Task<JsonObject> first = orchestrator.AnswerAsync("p");
        await _entered.Task;
        Task<ProgramResult> second = orchestrator.RunAsync("q", cancellationToken: caller.Token);
        Task<JsonObject> third = orchestrator.AnswerAsync("q");
        await caller.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => second);
        _gate.SetResult();
        await first;
        await third;
        Assert.Equal("a (a ends) b", string.Join(' ', _calls));
    }

    private async ValueTask<HookResult> WaitInA(string hook, HookContext context)
    {
        if (hook == "a")
        {
            _token = context.CancellationToken;
            _entered.SetResult();
            await _gate.Task;
            _calls.Add("(a ends)");
        }

        return HookResult.Ok;
    }

    private SpecOrchestrator Of(string program, string ofA, Func<string, HookContext, ValueTask<HookResult>> hook) => SpecOrchestrator.Of(
        Spec(program, ofA),
        (name, _, context) =>
        {
            _calls.Add(name);
            return hook(name, context);
        },
        time: _time);

    /// <summary>Program p as given, q of b alone; a and b have the rectifiers ua (tried twice) and ub.</summary>
    private static string Spec(string program, string ofA)
    {
        var main = (JsonObject)JsonNode.Parse(program)!;
        main["args"] = new JsonObject();
        main["outputs"] = new JsonObject();
        var a = (JsonObject)JsonNode.Parse($"{{{ofA}}}")!;
        a["rectifiers"] = new JsonArray("ua");
        var hooks = new JsonObject
        {
            ["a"] = a,
            ["b"] = new JsonObject { ["rectifiers"] = new JsonArray("ub") },
            ["d"] = new JsonObject(),
            ["ua"] = new JsonObject { ["retry"] = new JsonObject { ["attempts"] = 2, ["delay_ms"] = 0 } },
            ["ub"] = new JsonObject(),
        };
        foreach ((string name, JsonNode? body) in hooks)
        {
            body!["reference"] = "t." + name;
            body["args"] = new JsonObject();
        }

        var q = new JsonObject { ["hooks"] = new JsonArray("b"), ["args"] = new JsonObject(), ["outputs"] = new JsonObject() };
        return new JsonObject { ["name"] = "t", ["programs"] = new JsonObject { ["p"] = main, ["q"] = q }, ["hooks"] = hooks }.ToJsonString();
    }
}
