using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using Ryuso.TestKit;

namespace Ryuso.Tests.Orchestration;

/// <summary>Runs of a spec with keys, in process: which of them go side by side, which wait, and which never run.</summary>
public sealed class KeyedRunsTests
{
    private const string Spec = """
        {"name":"bank","programs":{
          "transfer":{"hooks":["take","give"],"args":{"from":{"type":"string","required":true},"to":{"type":"string","required":true}},"outputs":{}},
          "deposit":{"hooks":["give"],"args":{"to":{"type":"string","required":true}},"outputs":{}},
          "number":{"hooks":["give"],"args":{"account":{"type":"int","required":true}},"outputs":{}},
          "pay_all":{"hooks":["give"],"args":{"accounts":{"type":"list","required":true}},"outputs":{}},
          "look":{"hooks":["see"],"args":{},"outputs":{}},
          "audit":{"hooks":["see"],"args":{},"outputs":{}},
          "break":{"hooks":["take","fail"],"args":{"from":{"type":"string","required":true}},"outputs":{}},
          "lenient":{"hooks":["take","fail"],"args":{"from":{"type":"string","required":true}},"outputs":{}},
          "outer":{"hooks":["choose","programs.deposit"],"args":{"account":{"type":"string","required":true},"choice":{"type":"string","required":true}},"outputs":{}}},
         "hooks":{
          "take":{"reference":"t.take","args":{},"dependencies":[],"rectifiers":["put_back"]},
          "put_back":{"reference":"t.put_back","args":{},"dependencies":[],"rectifiers":[]},
          "give":{"reference":"t.give","args":{},"dependencies":[],"rectifiers":[]},
          "see":{"reference":"t.see","args":{},"dependencies":[],"rectifiers":[]},
          "choose":{"reference":"t.choose","args":{},"dependencies":[],"rectifiers":[]},
          "fail":{"reference":"t.fail","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly SpecOrchestrator _bank;

    public KeyedRunsTests() => _bank = new SpecOrchestrator(
        SpecDefinitions.Compile(Spec).WithKeys(
            ("transfer", ["from", "to"], true), ("deposit", ["to"], true), ("number", ["account"], true), ("pay_all", ["accounts"], true),
            ("look", [], false), ("break", ["from"], true), ("lenient", ["from"], false), ("outer", ["account"], true)),
        HookAsync);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_that_share_no_key_go_side_by_side_and_those_that_share_one_in_the_order_of_arrival()
    {
        Close("give");
        Task<JsonObject> first = AskAsync("transfer", """{"from":"alice","to":"bob"}""");
        Task<JsonObject> second = AskAsync("deposit", """{"to":"bob"}""");
        Task<JsonObject> third = AskAsync("deposit", """{"to":"carol"}""");
        Task<JsonObject> look = AskAsync("look", "{}");
        Assert.Empty(await look);
        await Until(() => Calls("give:") == 2);
        Assert.Equal(1, _bank.WaitingCount);
        Assert.Contains("give:carol", _calls);
        Open("give");
        await Task.WhenAll(first, second, third).WaitAsync(Cancel);
        Assert.Equal("give:bob", _calls.Last());
        Assert.True(_bank.Lanes is Ryuso.Orchestration.KeyedLanes { IsEmpty: true });
    }

    [Fact]
    public async Task Program_without_key_waits_for_all_before_it_and_all_after_it_wait_for_it()
    {
        Close("give");
        Task<JsonObject> before = AskAsync("deposit", """{"to":"bob"}""");
        Task<JsonObject> alone = AskAsync("audit", "{}");
        Task<JsonObject> after = AskAsync("look", "{}");
        Assert.Equal(2, _bank.WaitingCount);
        Assert.False(alone.IsCompleted || after.IsCompleted);
        Open("give");
        await Task.WhenAll(before, alone, after).WaitAsync(Cancel);
        Assert.Equal(["give:bob", "see:", "see:"], _calls);
    }

    [Theory]
    [InlineData("deposit", """{"to":"7"}""", "number", """{"account":7}""")]
    [InlineData("pay_all", """{"accounts":["x",7]}""", "number", """{"account":7}""")]
    [InlineData("pay_all", """{"accounts":["x",7,"x"]}""", "deposit", """{"to":"x"}""")]
    public async Task Keys_are_compared_by_value_and_each_element_of_a_list_is_one(string first, string args, string second, string otherArgs)
    {
        Close("give");
        Task<JsonObject> one = AskAsync(first, args);
        await Until(() => Calls("give:") == 1);
        Task<JsonObject> other = AskAsync(second, otherArgs);
        Assert.Equal(1, _bank.WaitingCount);
        Open("give");
        await Task.WhenAll(one, other).WaitAsync(Cancel);
    }

    [Theory]
    [InlineData("deposit", """{"to":""}""", "'to' is a key and must have 1 to 512 bytes of UTF-8")]
    [InlineData("deposit", """{"to":"LONG"}""", "'to' is a key and must have 1 to 512 bytes of UTF-8")]
    [InlineData("pay_all", """{"accounts":[]}""", "'accounts' must give it one key at least, and is empty")]
    [InlineData("pay_all", """{"accounts":["a",true]}""", "'accounts[1]' is a key and must be string or int but is bool")]
    [InlineData("pay_all", """{"accounts":["a",1.0]}""", "'accounts[1]' is a key and must be string or int but is float")]
    [InlineData("pay_all", """{"accounts":MANY}""", "it would have more than 64 keys")]
    public async Task Keys_that_cannot_be_one_are_refused_before_anything_runs(string program, string args, string expected)
    {
        args = args.Replace("LONG", new string('é', 257), StringComparison.Ordinal).Replace("MANY", $"[{string.Join(',', Enumerable.Range(0, 65))}]", StringComparison.Ordinal);
        JsonObject answer = await AskAsync(program, args);
        Assert.Equal("invalid_arguments", (string?)answer["_error_code"]);
        Assert.Equal($"The program '{program}' cannot run: {expected}.", (string?)answer["_server_error"]);
        Assert.Empty(_calls);
        Assert.Empty(await AskAsync("pay_all", $$"""{"accounts":[{{string.Join(',', Enumerable.Range(0, 64))}},1,"63"]}"""));
        Assert.Empty(await AskAsync("deposit", $$"""{"to":"{{new string('é', 256)}}"}"""));
    }

    [Fact]
    public async Task Nested_program_needs_its_keys_among_those_that_the_run_holds()
    {
        Assert.Empty(await AskAsync("outer", """{"account":"bob","choice":"bob"}"""));
        JsonObject answer = await AskAsync("outer", """{"account":"bob","choice":"carol"}""");
        Assert.Equal(
            "The program 'deposit' needs the key 'carol' ('to'), which the run does not hold: name an argument that has this value in the key of 'outer'.",
            (string?)answer["_error"]);
        Assert.Equal("programs.deposit", (string?)answer["_last_failed_program"]);
    }

    [Theory]
    [InlineData("break", true)]
    [InlineData("lenient", false)]
    public async Task Stuck_run_keeps_its_keys_where_the_program_says_so(string program, bool isKept)
    {
        Close("put_back");
        Task<JsonObject> stuck = AskAsync(program, """{"from":"alice"}""");
        await Until(() => Calls("put_back:") == 1);
        Task<JsonObject> waiting = AskAsync("deposit", """{"to":"alice"}""");
        Open("put_back");
        JsonObject answer = await stuck;
        Assert.True((bool)answer["_rectifier_fail"]!);
        string id = (string)answer["_run_id"]!;
        string? expected = isKept ? "quarantined" : null;
        Assert.Equal(expected, (string?)(await waiting)["_error_code"]);
        Assert.Equal(expected, (string?)(await AskAsync("transfer", """{"from":"bob","to":"alice"}"""))["_error_code"]);
        Assert.Null((await AskAsync("deposit", """{"to":"bob"}"""))["_error_code"]);
        Assert.Null((await AskAsync("audit", "{}"))["_error_code"]);
        _bank.Lanes.Release(id);
        Assert.Null((await AskAsync("deposit", """{"to":"alice"}"""))["_error_code"]);
    }

    [Fact]
    public async Task Requests_beyond_the_limits_are_busy_in_process_too()
    {
        _bank.UseRunLimits(new RunLimits { MaxQueueLength = 3, MaxQueueLengthPerKey = 2 });
        Close("give");
        Task<JsonObject>[] hot = [.. Enumerable.Range(0, 4).Select(_ => AskAsync("deposit", """{"to":"hot"}"""))];
        Assert.Contains("The queue of the key 'hot' is full", (string?)(await hot[3])["_server_error"], StringComparison.Ordinal);
        Task<JsonObject> alone = AskAsync("audit", "{}");
        JsonObject full = await AskAsync("look", "{}");
        Assert.Equal(("busy", "The queue is full (3 requests wait); retry later."), ((string?)full["_error_code"], (string?)full["_server_error"]));
        Open("give");
        await Task.WhenAll([.. hot, alone]).WaitAsync(Cancel);
    }

    [Fact]
    public async Task Run_with_the_same_id_waits_for_the_one_under_way()
    {
        Close("give");
        Task<ProgramResult> first = _bank.RunAsync("deposit", new JsonObject { ["to"] = "alice" }, new CallOptions { RunId = "id-1" }, Cancel);
        Task<ProgramResult> second = _bank.RunAsync("deposit", new JsonObject { ["to"] = "bob" }, new CallOptions { RunId = "id-1" }, Cancel);
        Task<ProgramResult> value = _bank.RunAsync("deposit", new JsonObject { ["to"] = "id-1" }, cancellationToken: Cancel);
        await Until(() => Calls("give:") == 2);
        Assert.Equal(1, _bank.WaitingCount);
        Assert.Contains("give:id-1", _calls);
        Open("give");
        await Task.WhenAll(first, second, value).WaitAsync(Cancel);
    }

    [Fact]
    public async Task Call_that_gives_up_waiting_leaves_the_queue_at_once()
    {
        using var giveUp = new CancellationTokenSource();
        Close("give");
        Task<JsonObject> first = AskAsync("deposit", """{"to":"bob"}""");
        Task<ProgramResult> second = _bank.RunAsync("deposit", new JsonObject { ["to"] = "bob" }, cancellationToken: giveUp.Token);
        Task<JsonObject> third = AskAsync("deposit", """{"to":"bob"}""");
        Assert.Equal(2, _bank.WaitingCount);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(1, _bank.WaitingCount);
        Open("give");
        await Task.WhenAll(first, third).WaitAsync(Cancel);
        Assert.Equal(2, Calls("give:"));
    }

    [Fact]
    public async Task Hook_that_calls_its_own_orchestrator_fails_although_the_keys_are_free()
    {
        SpecOrchestrator own = null!;
        own = new SpecOrchestrator(SpecDefinitions.Compile(Spec).WithKeys(("deposit", ["to"], true), ("look", [], false)), async (_, _, _) =>
        {
            await own.RunAsync("deposit", new JsonObject { ["to"] = "x" }, cancellationToken: Cancel);
            return HookResult.Ok;
        });
        ProgramResult result = await own.RunAsync("look", cancellationToken: Cancel);
        Assert.StartsWith("A hook called its own orchestrator", (string?)result.Answer["_error"], StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_of_any_schedule_go_one_at_a_time_for_each_key_in_the_order_of_arrival() => Gen.Select(Gen.Int[0, 5], Gen.Int[0, 31], Gen.Int[0, 1000]).Array[2, 24].Sample(
        requests =>
        {
            var events = new ConcurrentQueue<(int Run, bool IsBegin)>();
            var random = new ThreadLocal<Random>(() => new Random(requests.Length));
            var bank = new SpecOrchestrator(
                SpecDefinitions.Compile(Spec).WithKeys(("pay_all", ["accounts"], true), ("look", [], false), ("break", ["from"], false)),
                async (name, pool, _) =>
                {
                    int run = (int)(long)pool["run"]!;
                    if (pool["begun"] is null)
                    {
                        pool["begun"] = true;
                        events.Enqueue((run, true));
                    }

                    for (int i = random.Value!.Next(3); i > 0; i--)
                    {
                        await Task.Yield();
                    }

                    if (name is "give" or "see" or "put_back")
                    {
                        events.Enqueue((run, false));
                    }

                    return name == "fail" ? HookResult.Fail("As asked.") : HookResult.Ok;
                });
            bank.UseRunLimits(new RunLimits { MaxParallelRuns = 1 + (requests[0].Item3 % 6) });
            var keys = new List<string[]?>();
            Task[] runs = [.. requests.Select((request, i) =>
            {
                string program = ((string[])["audit", "look", "break", "pay_all", "pay_all", "pay_all"])[request.Item1];
                string[]? key = program switch
                {
                    "audit" => null,
                    "look" => [],
                    "break" => [$"{request.Item2 % 4}"],
                    _ => [.. Enumerable.Range(0, 5).Where(bit => (request.Item2 >> bit) % 2 == 1 || request.Item2 == 0).Select(bit => $"{bit}")],
                };
                keys.Add(key);
                return bank.RunAsync(program, new JsonObject { ["run"] = i, ["from"] = key is [{ } only, ..] ? only : "", ["accounts"] = new JsonArray([.. (key ?? []).Select(k => (JsonNode)k)]) }, cancellationToken: Cancel);
            })];
            Task.WhenAll(runs).Wait(Cancel);
            var order = events.ToList();
            Assert.Equal(2 * requests.Length, order.Count);
            int Begin(int run) => order.IndexOf((run, true));
            int End(int run) => order.IndexOf((run, false));
            for (int later = 0; later < requests.Length; later++)
            {
                for (int earlier = 0; earlier < later; earlier++)
                {
                    if (keys[earlier] is not { } held || keys[later] is not { } wanted || held.Intersect(wanted).Any())
                    {
                        Assert.True(End(earlier) < Begin(later), $"{earlier} ended at {End(earlier)}, {later} began at {Begin(later)}.");
                    }
                }
            }

            Assert.True(bank.Lanes is Ryuso.Orchestration.KeyedLanes { IsEmpty: true });
        },
        iter: long.Parse(Environment.GetEnvironmentVariable("RYUSO_LANE_SCHEDULES") ?? "500", CultureInfo.InvariantCulture),
        threads: 1);

    private async ValueTask<HookResult> HookAsync(string name, DataPool pool, HookContext context)
    {
        string key = pool["to"]?.ToString() ?? pool["account"]?.ToString() ?? "";
        _calls.Enqueue($"{name}:{key}");
        if (_gates.TryGetValue(name, out TaskCompletionSource? gate))
        {
            await gate.Task;
        }

        if (name == "choose")
        {
            pool["to"] = (string)pool["choice"]!;
        }

        return name is "fail" or "put_back" ? HookResult.Fail("As asked.") : HookResult.Ok;
    }

    private int Calls(string prefix) => _calls.Count(call => call.StartsWith(prefix, StringComparison.Ordinal));

    private void Close(string hook) => _gates[hook] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Open(string hook) => _gates[hook].SetResult();

    private async Task<JsonObject> AskAsync(string program, string pool) =>
        (await _bank.RunAsync(program, (JsonObject)JsonNode.Parse(pool)!, cancellationToken: Cancel)).Answer;

    private static Task Until(Func<bool> condition) => Server.Until.TrueAsync(condition);
}
