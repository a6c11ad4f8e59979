using Ryuso.Orchestration;

namespace Ryuso.Tests.Orchestration;

/// <summary>The lane alone: who waits is served in the order of arrival, and nobody passes by.</summary>
public sealed class LaneTests
{
    [Fact]
    public void Lane_that_is_free_is_entered_at_once()
    {
        var lane = new Lane();
        Assert.True(lane.TryEnter());
        Assert.False(lane.TryEnter());
        lane.Leave();
        Assert.Equal(LaneEnterResult.Entered, lane.Enter(new Waiter([]), limit: 0));
        lane.Leave();
        Assert.True(lane.TryEnter());
    }

    [Fact]
    public void Lane_that_is_left_is_handed_to_those_who_wait_in_the_order_of_arrival()
    {
        var lane = new Lane();
        List<Waiter> entered = [];
        Waiter[] waiters = [.. Enumerable.Range(0, 5).Select(_ => new Waiter(entered))];
        Assert.True(lane.TryEnter());
        Assert.All(waiters, waiter => Assert.Equal(LaneEnterResult.Queued, lane.Enter(waiter, limit: 5)));
        Assert.Equal(5, lane.Waiting);
        for (int i = 0; i < waiters.Length; i++)
        {
            Assert.Equal(waiters[..i], entered);
            lane.Leave();
            Assert.Equal(4 - i, lane.Waiting);
        }

        Assert.Equal(waiters, entered);
        lane.Leave();
        Assert.True(lane.TryEnter());
    }

    [Fact]
    public void Lane_with_as_many_waiters_as_the_limit_turns_the_next_away_and_takes_it_after_a_turn()
    {
        var lane = new Lane();
        Assert.True(lane.TryEnter());
        Assert.Equal(LaneEnterResult.Full, lane.Enter(new Waiter([]), limit: 0));
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(new Waiter([]), limit: 1));
        Assert.Equal(LaneEnterResult.Full, lane.Enter(new Waiter([]), limit: 1));
        Assert.Equal(1, lane.Waiting);
        lane.Leave();
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(new Waiter([]), limit: 1));
    }

    [Fact]
    public void Lane_that_was_handed_over_and_is_not_begun_yet_lets_nobody_pass()
    {
        var lane = new Lane();
        Assert.True(lane.TryEnter());
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(new Waiter([]), limit: 1));
        lane.Leave();
        Assert.False(lane.TryEnter());
        Assert.Equal(LaneEnterResult.Queued, lane.Enter(new Waiter([]), limit: 1));
    }

    [Fact]
    public async Task Lane_waiter_that_gives_up_keeps_its_place_and_passes_its_turn_on()
    {
        var lane = new Lane();
        using var cancel = new CancellationTokenSource();
        Assert.True(lane.TryEnter());
        Task first = lane.EnterAsync(cancel.Token).AsTask();
        Task second = lane.EnterAsync(CancellationToken.None).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => first);
        Assert.Equal(2, lane.Waiting);
        lane.Leave();
        await second;
        Assert.Equal(0, lane.Waiting);
        lane.Leave();
        Assert.True(lane.TryEnter());
    }

    [Fact]
    public async Task Lane_waiter_whose_token_fires_when_it_has_entered_holds_the_lane()
    {
        var lane = new Lane();
        using var cancel = new CancellationTokenSource();
        await lane.EnterAsync(cancel.Token);
        await cancel.CancelAsync();
        Assert.False(lane.TryEnter());
        await Assert.ThrowsAsync<OperationCanceledException>(() => lane.EnterAsync(cancel.Token).AsTask());
        lane.Leave();
        Assert.True(lane.TryEnter());
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
                await lane.EnterAsync(cancel);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                runs++;
                if (i % 7 == 0)
                {
                    await Task.Yield();
                }

                Interlocked.Decrement(ref inside);
                lane.Leave();
            }
        });
        Assert.Equal((16_000, 0), (runs, lane.Waiting));
        Assert.True(lane.TryEnter());
    }

    [Fact]
    public void Lane_that_nobody_holds_cannot_be_left()
    {
        var lane = new Lane();
        Assert.Contains("nobody holds", Assert.Throws<InvalidOperationException>(lane.Leave).Message, StringComparison.Ordinal);
        Assert.True(lane.TryEnter());
    }

    /// <summary>Enters on the thread that hands the lane over, so that the order shows.</summary>
    private sealed class Waiter(List<Waiter> entered) : LaneWaiter
    {
        protected internal override void ScheduleTurn() => OnEntered();

        protected override void OnEntered() => entered.Add(this);
    }
}
