using System.Text.Json.Nodes;
using Ryuso.TestKit;
using Ryuso.Tests.Running;

namespace Ryuso.Tests.Runs;

/// <summary>A pool is its run's, and a list or dict that a hook gets is the hook's.</summary>
public sealed class PoolOfItsRunTests
{
    private const string Spec = """
        {"name":"t",
         "programs":{"p":{"hooks":["a","b"],"args":{"l":{"type":"list","required":false},"i":{"type":"int","required":false}},"outputs":{"l":{"type":"list","required":false},"i":{"type":"int","required":false},"d":{"type":"dict","required":false}}}},
         "hooks":{"a":{"reference":"x.a","args":{"l":{"type":"list","required":false}},"rectifiers":["u"],"retry":{"attempts":2,"delay_ms":0}},
                  "b":{"reference":"x.b","args":{}},"u":{"reference":"x.u","args":{"l":{"type":"list","required":false}}}}}
        """;

    [Fact]
    public async Task Pool_writes_of_a_thread_that_a_run_left_behind_never_reach_a_later_run()
    {
        DataPool? left = null;
        bool isShown = true;
        using var stop = new CancellationTokenSource();
        int met = 0;
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Spec, (_, pool, _) =>
        {
            if (isShown)
            {
                Volatile.Write(ref left, pool);
            }

            return default;
        });
        var stray = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (Interlocked.Exchange(ref left, null) is { } pool)
                {
                    try
                    {
                        while (!stop.IsCancellationRequested)
                        {
                            pool["i"] = 666;
                        }
                    }
                    catch (ObjectDisposedException)
                    {
                        met++;
                    }
                }
            }
        });
        stray.Start();
        try
        {
            // One run shows its pool to the stray thread, the next one shows it to nobody.
            for (int i = 0; i < 20_000; i++)
            {
                isShown = true;
                await orchestrator.AnswerAsync("p");
                isShown = false;
                string answer = (await orchestrator.AnswerAsync("p", """{"i":1}""")).ToJsonString();
                Assert.True(answer == """{"i":1}""", $"Run {i}: {answer}");
            }
        }
        finally
        {
            await stop.CancelAsync();
            stray.Join();
        }

        Assert.True(met > 0, "The stray thread never met the end of a run.");
    }

    [Fact]
    public async Task Pool_list_that_a_hook_changes_stays_as_it_was_until_it_is_set()
    {
        List<string> seen = [];
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Spec, (name, pool, context) =>
        {
            var list = (JsonArray)pool["l"]!;
            seen.Add($"{name}{context.Attempt} {list.ToJsonString()}");
            list.Add(9);
            var body = new JsonObject { ["items"] = list, ["again"] = pool["l"] };
            pool["d"] = body;
            body["late"] = true;
            return new ValueTask<HookResult>(name == "b" || (name == "a" && context.Attempt == 1) ? HookResult.Fail("no") : HookResult.Ok);
        });
        JsonObject answer = await orchestrator.AnswerAsync("p", """{"l":[1]}""");
        Assert.Equal(["a1 [1]", "a2 [1]", "b1 [1]", "u1 [1]"], seen);
        Assert.False((bool)answer["_rectifier_fail"]!);
        Assert.Equal("[1]", answer["l"]!.ToJsonString());
        Assert.Equal("""{"items":[1,9],"again":[1]}""", answer["d"]!.ToJsonString());
    }

    [Fact]
    public async Task Pool_of_a_run_that_has_ended_gives_and_takes_nothing()
    {
        DataPool? left = null;
        HookContext context = default;
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Spec, (_, pool, its) =>
        {
            (left, context) = (pool, its);
            return default;
        });
        await orchestrator.AnswerAsync("p", """{"l":[1],"i":1}""");
        Assert.Throws<ObjectDisposedException>(() => left!["l"]);
        Assert.Throws<ObjectDisposedException>(() => left!["l"] = new JsonArray());
        Assert.Throws<ObjectDisposedException>(() => context.RunId);
        Assert.Throws<ObjectDisposedException>(() => context.IdempotencyKey);
    }
}
