using CsCheck;
using Ryuso.Orchestration;

namespace Ryuso.Tests.Orchestration;

/// <summary>Lanes by key, held to the rule in one sentence: a run begins when no unfinished run that came before it shares a key with it or is alone.</summary>
public sealed class KeyedLanesTests
{
    private static readonly long s_iterations = long.Parse(Environment.GetEnvironmentVariable("RYUSO_LANE_SCHEDULES") ?? "3000", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void Runs_that_share_no_key_hold_their_turns_side_by_side()
    {
        var lanes = new KeyedLanes();
        Run a = new(lanes, "a");
        Run b = new(lanes, "b", "c");
        Run c = new(lanes, "c");
        Run none = new(lanes);
        Assert.Equal([true, true, false, true], new[] { a, b, c, none }.Select(run => run.Enter()));
        b.Leave();
        Assert.True(c.IsRunning);
        Array.ForEach([a, c, none], run => run.Leave());
        Assert.True(lanes.IsEmpty);
    }

    [Fact]
    public void Run_that_is_alone_waits_for_all_before_it_and_all_after_it_wait_for_it()
    {
        var lanes = new KeyedLanes();
        Run before = new(lanes, "a");
        Run alone = new(lanes) { IsAlone = true };
        Run after = new(lanes, "b");
        Assert.Equal([true, false, false], new[] { before, alone, after }.Select(run => run.Enter()));
        before.Leave();
        Assert.Equal([true, false], new[] { alone, after }.Select(run => run.IsRunning));
        alone.Leave();
        Assert.True(after.IsRunning);
        after.Leave();
        Assert.True(lanes.IsEmpty);
    }

    [Fact]
    public void Value_and_run_id_with_the_same_text_are_two_keys()
    {
        var lanes = new KeyedLanes();
        Run value = new(lanes, "x");
        Run id = new(lanes);
        id.Place.TryAdd("x", KeySpace.RunId);
        Assert.True(value.Enter());
        Assert.True(id.Enter());
    }

    [Fact]
    public void Limits_are_those_of_all_queues_of_one_queue_and_of_runs_under_way()
    {
        var lanes = new KeyedLanes { Limits = new RunLimits { MaxQueueLength = 4, MaxQueueLengthPerKey = 2, MaxParallelRuns = 2 } };
        Run[] hot = [.. Enumerable.Range(0, 4).Select(_ => new Run(lanes, "hot"))];
        Assert.Equal([true, false, false, false], hot.Select(run => run.Enter()));
        Assert.Equal(("busy", "The queue of the key 'hot' is full (2 requests wait); retry later."), hot[3].Problem);
        Run[] others = [.. Enumerable.Range(0, 4).Select(i => new Run(lanes, $"{i}"))];
        Assert.Equal([true, false, false, false], others.Select(run => run.Enter()));
        Assert.Equal(("busy", "The queue is full (4 requests wait); retry later."), others[3].Problem);
        Assert.Equal([true, false, false], others[..3].Select(run => run.IsRunning));
        hot[0].Leave();

        // The first that was first in its queues, not the one that came first.
        Assert.Equal([false, true], new[] { hot[1], others[1] }.Select(run => run.IsRunning));
        others[0].Leave();
        Assert.True(others[2].IsRunning);
        others[1].Leave();
        Assert.True(hot[1].IsRunning);
    }

    [Fact]
    public void Keys_of_a_stuck_run_are_given_to_nobody_until_it_is_settled()
    {
        var lanes = new KeyedLanes();
        Run stuck = new(lanes, "a", "b");
        Run waits = new(lanes, "b", "c");
        Run behind = new(lanes, "c");
        Run alone = new(lanes) { IsAlone = true };
        Run inLine = new(lanes, "a");
        Array.ForEach([stuck, waits, behind, alone, inLine], run => run.Enter());
        Assert.Equal([true, false, true, false, false], new[] { stuck, waits, behind, alone, inLine }.Select(run => run.IsRunning || run == behind));
        stuck.Leave(stuckRun: "r1");
        Assert.All([waits, inLine], run => Assert.Equal("quarantined", run.Problem?.Code));
        Assert.Contains("The key 'b' is kept by the run 'r1', which is stuck.", waits.Problem!.Value.Message, StringComparison.Ordinal);
        Assert.True(behind.IsRunning);
        behind.Leave();

        // What is alone names no key: it is not stopped.
        Assert.True(alone.IsRunning);
        alone.Leave();
        Run later = new(lanes, "a");
        Assert.False(later.Enter());
        Assert.Equal("quarantined", later.Problem?.Code);

        // The recovery has the keys that the run keeps.
        Run recovery = new(lanes, "a", "b") { IsUnlimited = true };
        Assert.True(recovery.Enter());
        Assert.False(new Run(lanes, "b").Enter());
        lanes.Release("r1");
        recovery.Leave();
        Assert.True(lanes.IsEmpty);
        Assert.True(new Run(lanes, "a").Enter());
    }

    [Fact]
    public void Turn_that_had_not_begun_cannot_be_ended()
    {
        var lanes = new KeyedLanes();
        Assert.Throws<InvalidOperationException>(() => lanes.Leave(new LanePlace()));
        Assert.True(lanes.IsEmpty);
    }

    [Fact]
    public void Any_schedule_begins_rejects_and_forgets_runs_as_the_rule_says() => Gen.Select(Gen.Int[0, 9], Gen.Int[0, 99]).Array[1, 60].Sample(
        steps =>
        {
            var lanes = new KeyedLanes { Limits = new RunLimits { MaxQueueLength = 1000, MaxQueueLengthPerKey = 1000, MaxParallelRuns = 1000 } };
            List<Run> unfinished = [];
            Dictionary<string, string[]> stuck = [];
            int ids = 0;
            foreach ((int what, int pick) in steps)
            {
                Run[] running = [.. unfinished.Where(run => run.IsRunning)];
                Run[] waiting = [.. unfinished.Where(run => !run.IsRunning)];
                if (what < 5 || unfinished.Count == 0)
                {
                    Run run = NewRun(lanes, pick);
                    run.Enter();
                    bool isKept = !run.IsAlone && run.Keys.Any(key => stuck.Values.Any(keys => keys.Contains(key)));
                    Assert.Equal(isKept, run.Problem is not null);
                    unfinished.AddRange(isKept ? [] : [run]);
                }
                else if (what < 8 && running.Length > 0)
                {
                    Run run = running[pick % running.Length];
                    run.Leave();
                    unfinished.Remove(run);
                }
                else if (what == 8 && running.Length > 0)
                {
                    Run run = running[pick % running.Length];
                    string id = $"r{ids++}";
                    if (run.Keys.Length > 0)
                    {
                        stuck[id] = run.Keys;
                    }

                    run.Leave(id);
                    unfinished.Remove(run);
                    Run[] rejected = [.. unfinished.Where(other => !other.IsAlone && !other.IsRunning && other.Keys.Intersect(run.Keys).Any())];
                    Assert.All(unfinished, other => Assert.Equal(rejected.Contains(other), other.Problem is not null));
                    unfinished.RemoveAll(rejected.Contains);
                }
                else if (what == 9 && pick < 50 && waiting.Length > 0)
                {
                    Run run = waiting[pick % waiting.Length];
                    Assert.True(run.GiveUp());
                    unfinished.Remove(run);
                }
                else if (stuck.Count > 0)
                {
                    string id = stuck.Keys.ElementAt(pick % stuck.Count);
                    stuck.Remove(id);
                    lanes.Release(id);
                }

                AssertRule(unfinished);
                Assert.Equal(unfinished.Count(run => !run.IsRunning), lanes.Waiting);
            }

            while (unfinished.FirstOrDefault(run => run.IsRunning) is { } run)
            {
                run.Leave();
                unfinished.Remove(run);
                AssertRule(unfinished);
            }

            Assert.Empty(unfinished);
            foreach (string id in stuck.Keys)
            {
                lanes.Release(id);
            }

            Assert.True(lanes.IsEmpty);
        },
        iter: s_iterations);

    [Fact]
    public async Task Lanes_under_many_threads_never_hold_a_key_twice_keep_the_order_of_arrival_and_lose_nobody()
    {
        var lanes = new KeyedLanes { Limits = new RunLimits { MaxQueueLength = int.MaxValue, MaxQueueLengthPerKey = int.MaxValue } };
        int[] inside = new int[6];
        int alone = 0;
        int under = 0;
        long runs = 0;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await Parallel.ForAsync(0, 12, cancel, async (seed, _) =>
        {
            var random = new Random(seed);
            for (int i = 0; i < 2_000; i++)
            {
                var place = new LanePlace { IsAlone = random.Next(40) == 0 };
                int[] keys = place.IsAlone ? [] : [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(inside.Length)).Distinct()];
                Array.ForEach(keys, key => place.TryAdd($"{key}"));
                await lanes.EnterAsync(place, cancel);
                Assert.All(keys, key => Assert.Equal(1, Interlocked.Increment(ref inside[key])));
                Assert.True(place.IsAlone ? Interlocked.Increment(ref alone) == 1 && Volatile.Read(ref under) == 0 : Volatile.Read(ref alone) == 0);
                Interlocked.Add(ref under, place.IsAlone ? 0 : 1);
                if (i % 5 == 0)
                {
                    await Task.Yield();
                }

                Interlocked.Add(ref under, place.IsAlone ? 0 : -1);
                Interlocked.Add(ref alone, place.IsAlone ? -1 : 0);
                Array.ForEach(keys, key => Interlocked.Decrement(ref inside[key]));
                Interlocked.Increment(ref runs);
                lanes.Leave(place);
            }
        });
        Assert.Equal((24_000, 0), (runs, lanes.Waiting));
        Assert.True(lanes.IsEmpty);
    }

    /// <summary>Exactly those run that no earlier unfinished run is in the way of.</summary>
    private static void AssertRule(List<Run> unfinished)
    {
        for (int i = 0; i < unfinished.Count; i++)
        {
            bool mayRun = unfinished.Take(i).All(earlier =>
                !earlier.IsAlone && !unfinished[i].IsAlone && !earlier.Keys.Intersect(unfinished[i].Keys).Any());
            Assert.Equal(mayRun, unfinished[i].IsRunning);
        }
    }

    private static Run NewRun(KeyedLanes lanes, int pick) => pick < 8
        ? new Run(lanes) { IsAlone = true }
        : new Run(lanes, [.. new[] { "a", "b", "c", "d", "e" }.Where((_, i) => (pick >> i) % 2 == 1)]);

    private sealed class Run : LaneWaiter
    {
        private readonly KeyedLanes _lanes;

        public Run(KeyedLanes lanes, params string[] keys)
        {
            _lanes = lanes;
            Keys = keys;
            Place = new LanePlace();
            Array.ForEach(keys, key => Place.TryAdd(key));
        }

        public string[] Keys { get; }

        public LanePlace Place { get; private set; }

        public bool IsAlone
        {
            get => Place.IsAlone;
            init => Place.IsAlone = value;
        }

        public bool IsUnlimited
        {
            init
            {
                Place = new LanePlace { IsUnlimited = value };
                Array.ForEach(Keys, key => Place.TryAdd(key));
            }
        }

        public bool IsRunning { get; private set; }

        public (string Code, string Message)? Problem => Place.Problem is { } problem ? (problem.Code, problem.Message) : null;

        public bool Enter() => IsRunning = _lanes.Enter(Place, this) == LaneEnterResult.Entered;

        public bool GiveUp() => _lanes.TryRemove(Place, this);

        public void Leave(string? stuckRun = null)
        {
            IsRunning = false;
            _lanes.Leave(Place, stuckRun);
        }

        protected internal override void ScheduleTurn() => OnEntered();

        protected override void OnEntered() => IsRunning = Place.Problem is null;
    }
}
