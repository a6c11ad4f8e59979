using System.Diagnostics;
using System.Text.Json.Nodes;
using Ryuso.Orchestration;
using Ryuso.TestKit;

namespace Ryuso.Tests.Orchestration;

/// <summary>10,000 keys, a hot one that is slow, and stuck ones: nothing is kept of a key that nobody holds, and cold keys do not notice.</summary>
[Collection(nameof(Server.Alone))]
public sealed class KeyedSoakTests
{
    private const int Keys = 10_000;
    private const int MaxTimes = 10_000;

    private const string Spec = """
        {"name":"soak","programs":{
          "work":{"key":["key","other"],"hooks":["do"],"args":{"key":{"type":"string","required":true},"other":{"type":"int","required":true}},"outputs":{}},
          "break":{"key":"key","hooks":["do","fail"],"args":{"key":{"type":"string","required":true}},"outputs":{}}},
         "hooks":{
          "do":{"reference":"t.do","args":{},"dependencies":[],"rectifiers":["undo"]},
          "undo":{"reference":"t.undo","args":{},"dependencies":[],"rectifiers":[]},
          "fail":{"reference":"t.fail","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    private static readonly TimeSpan s_duration = double.TryParse(Environment.GetEnvironmentVariable("RYUSO_SOAK_MINUTES"), System.Globalization.CultureInfo.InvariantCulture, out double minutes)
        ? TimeSpan.FromMinutes(minutes)
        : TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Soak_with_hot_and_stuck_keys_keeps_memory_flat_and_cold_keys_quick()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        var orchestrator = SpecOrchestrator.Of(Spec, async (name, pool, _) =>
        {
            if ((string?)pool["key"] == "hot")
            {
                await Task.Delay(5, cancel);
            }

            return name is "fail" or "undo" ? HookResult.Fail("As asked.") : HookResult.Ok;
        });
        var lanes = (KeyedLanes)orchestrator.Lanes;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        long runs = 0;
        List<double> calm = [], busy = [];
        await MeasureAsync(calm, s_duration / 10);
        Task[] hot = [.. Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await AskAsync("work", "hot", -1);
            }
        }, cancel))];
        Task stuck = Task.Run(async () =>
        {
            var random = new Random(1);
            Queue<string> ids = [];
            while (!stop.IsCancellationRequested)
            {
                JsonObject answer = await AskAsync("break", $"s{random.Next(Keys)}", 0);
                if (answer["_rectifier_fail"] is { } fails && (bool)fails)
                {
                    ids.Enqueue((string)answer["_run_id"]!);
                }

                if (ids.Count > 100)
                {
                    lanes.Release(ids.Dequeue());
                }

                await Task.Delay(1, cancel);
            }

            while (ids.TryDequeue(out string? id))
            {
                lanes.Release(id);
            }
        }, cancel);
        var memory = new List<double>();
        for (int sample = 0; sample < 10; sample++)
        {
            await MeasureAsync(busy, s_duration / 10);
            memory.Add(GC.GetTotalMemory(forceFullCollection: true) / 1e6);
            TestContext.Current.TestOutputHelper?.WriteLine($"{runs} runs, {memory[^1]:F1} MB managed");
        }

        await stop.CancelAsync();
        await Task.WhenAll([.. hot, stuck]);
        Assert.True(lanes.IsEmpty);
        TestContext.Current.TestOutputHelper?.WriteLine($"p99 of cold keys: {P99(calm):F3} ms alone, {P99(busy):F3} ms beside hot and stuck ones");
        Assert.True(memory[6..].Order().ElementAt(2) < memory[2..6].Order().ElementAt(2) + 10, "Managed memory grew.");

        // A hot run holds its key for 5 ms and 32 wait for it: 160 ms. What cold keys have of that is some work for the processor.
        Assert.True(P99(busy) < 100, $"{P99(busy):F1} ms");

        async Task MeasureAsync(List<double> times, TimeSpan duration)
        {
            long began = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, 2).Select(seed => Task.Run(async () =>
            {
                var random = new Random(seed);
                while (Stopwatch.GetElapsedTime(began) < duration)
                {
                    long asked = Stopwatch.GetTimestamp();
                    await AskAsync("work", $"k{random.Next(Keys)}", random.Next(Keys));
                    if (random.Next(64) == 0)
                    {
                        double taken = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
                        lock (times)
                        {
                            // A sample of them: a list of all would be what grows.
                            if (times.Count < MaxTimes)
                            {
                                times.Add(taken);
                            }
                            else
                            {
                                times[random.Next(MaxTimes)] = taken;
                            }
                        }
                    }
                }
            }, cancel)));
        }

        async Task<JsonObject> AskAsync(string program, string key, int other)
        {
            Interlocked.Increment(ref runs);
            return (await orchestrator.RunAsync(program, new JsonObject { ["key"] = key, ["other"] = other }, cancellationToken: cancel)).Answer;
        }
    }

    private static double P99(List<double> times) => times.Order().ElementAt(times.Count * 99 / 100);
}
