using Ryuso.Orchestration;

namespace Ryuso.Tests.Orchestration;

/// <summary>The lane alone: who waits is served in the order of arrival, and nobody passes by.</summary>
public sealed class LaneTests
{
    // One lane asks for nothing that it holds.
    private static readonly LanePlace s_place = new();

    [Fact]
    public void Lane_that_is_free_is_entered_at_once()
    {
        var lane = new Lane();
        Assert.True(lane.TryEnter(s_place));
        Assert.False(lane.TryEnter(s_place));
        lane.Leave(s_place);
        Assert.Equal(LaneEnterResult.Entered, lane.Enter(s_place, new Waiter([])));
        lane.Leave(s_place);
        Assert.True(lane.TryEnter(s_place));
    }

    [Fact]
    public void Lane_that_is_left_is_handed_to_those_who_wait_in_the_order_of_arrival()
    {
        var lane = new Lane();
        List<Waiter> entered = [];
        Waiter[] waiters = [.. Enumerable.Range(0, 5).Select(_ => new Waiter(entered))];
        Assert.True(lane.TryEnter(s_place));
        Assert.All(waiters, waiter => Assert.Equal(LaneEnterResult.Queued, lane.Enter(s_place, waiter)));
        Assert.Equal(5, lane.Waiting);
        for (int i = 0; i < waiters.Length; i++)
        {
            Assert.Equal(waiters[..i], entered);
            lane.Leave(s_place);
            Assert.Equal(4 - i, lane.Waiting);
        }

        Assert.Equal(waiters, entered);
        lane.Leave(s_place);
        Assert.True(lane.TryEnter(s_place));
    }

    [Fact]
    public void Lane_with_as_many_waiters_as_the_limit_turns_the_next_away_and_takes_it_after_a_turn()
    {
        var lane = new Lane { Limits = new RunLimits { MaxQueueLength = 1 } };
        var unlimited = new LanePlace { IsUnlimited = true };
        var place = new LanePlace();
        Assert.True(lane.TryEnter(s_place));
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(s_place, new Waiter([])));
        Assert.Equal(LaneEnterResult.Rejected, lane.Enter(place, new Waiter([])));
        Assert.Equal(("busy", "The queue is full (1 requests wait); retry later."), (place.Problem!.Value.Code, place.Problem.Value.Message));
        Assert.Equal(1, lane.Waiting);
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(unlimited, new Waiter([])));
        Assert.Equal(2, lane.Waiting);
        lane.Leave(s_place);
        Assert.Equal(LaneEnterResult.Rejected, lane.Enter(s_place, new Waiter([])));
        lane.Leave(s_place);
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(s_place, new Waiter([])));
    }

    [Fact]
    public void Lane_that_was_handed_over_and_is_not_begun_yet_lets_nobody_pass()
    {
        var lane = new Lane();
        Assert.True(lane.TryEnter(s_place));
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(s_place, new Waiter([])));
        lane.Leave(s_place);
        Assert.False(lane.TryEnter(s_place));
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(s_place, new Waiter([])));
    }

    [Fact]
    public async Task Lane_waiter_that_gives_up_is_no_longer_in_the_queue()
    {
        var lane = new Lane();
        using var cancel = new CancellationTokenSource();
        Assert.True(lane.TryEnter(s_place));
        Task first = lane.EnterAsync(s_place, cancel.Token).AsTask();
        Task second = lane.EnterAsync(s_place, CancellationToken.None).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => first);
        Assert.Equal(1, lane.Waiting);
        lane.Leave(s_place);
        await second;
        Assert.Equal(0, lane.Waiting);
        lane.Leave(s_place);
        Assert.True(lane.TryEnter(s_place));
    }

    [Fact]
    public async Task Lane_waiter_whose_token_fires_when_it_has_entered_holds_the_lane()
    {
        var lane = new Lane();
        using var cancel = new CancellationTokenSource();
        await lane.EnterAsync(s_place, cancel.Token);
        await cancel.CancelAsync();
        Assert.False(lane.TryEnter(s_place));
        await Assert.ThrowsAsync<OperationCanceledException>(() => lane.EnterAsync(s_place, cancel.Token).AsTask());
        lane.Leave(s_place);
        Assert.True(lane.TryEnter(s_place));
    }

    [Fact]
    public async Task Lane_under_many_threads_never_holds_two_and_loses_nobody()
    {
        var lane = new Lane();
        int inside = 0;
        int runs = 0;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await Parallel.ForAsync(0, 8, cancel, async (_, _) =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                await lane.EnterAsync(s_place, cancel);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                runs++;
                if (i % 7 == 0)
                {
                    await Task.Yield();
                }

                Interlocked.Decrement(ref inside);
                lane.Leave(s_place);
            }
        });
        Assert.Equal((16_000, 0), (runs, lane.Waiting));
        Assert.True(lane.TryEnter(s_place));
    }

    [Fact]
    public void Lane_that_nobody_holds_cannot_be_left()
    {
        var lane = new Lane();
        Assert.Contains("nobody holds", Assert.Throws<InvalidOperationException>(() => lane.Leave(s_place)).Message, StringComparison.Ordinal);
        Assert.True(lane.TryEnter(s_place));
    }

    /// <summary>Enters on the thread that hands the lane over, so that the order shows.</summary>
    private sealed class Waiter(List<Waiter> entered) : LaneWaiter
    {
        protected internal override void ScheduleTurn() => OnEntered();

        protected override void OnEntered() => entered.Add(this);
    }
}
