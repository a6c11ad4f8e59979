using Ryuso.Server;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>In which order a loop does what is queued for it.</summary>
public sealed class LoopQueueTests
{
    private readonly LoopQueue _queue = new();

    [Fact]
    public void Urgent_work_is_turns_then_sends_and_background_is_apart()
    {
        IThreadPoolWorkItem background = Add(WorkPriority.Background), send = Add(WorkPriority.Send), turn = Add(WorkPriority.LaneTurn);
        Assert.Equal([turn, send, null], TakeUrgent(3));
        Assert.False(_queue.IsEmpty);
        Assert.True(_queue.TryTakeBackground(out IThreadPoolWorkItem? taken));
        Assert.Same(background, taken);
        Assert.False(_queue.TryTakeBackground(out _));
        Assert.True(_queue.IsEmpty);
    }

    [Fact]
    public void Endless_turns_let_a_send_go_first_half_way_and_the_sockets_after_the_bound()
    {
        IThreadPoolWorkItem[] turns = [.. Enumerable.Range(0, 3 * ServerTuning.MaxUrgentInARow).Select(_ => Add(WorkPriority.LaneTurn))];
        IThreadPoolWorkItem send = Add(WorkPriority.Send);
        int half = ServerTuning.MaxUrgentInARow / 2;
        Assert.Equal([.. turns[..half], send, .. turns[half..(ServerTuning.MaxUrgentInARow - 1)], null], TakeUrgent(ServerTuning.MaxUrgentInARow + 1));
        Assert.Equal(turns[ServerTuning.MaxUrgentInARow - 1], TakeUrgent(1)[0]);
    }

    [Fact]
    public async Task Drained_queue_leaves_its_work_to_the_pool_and_is_empty()
    {
        var done = new CountdownEvent(3);
        foreach (WorkPriority priority in Enum.GetValues<WorkPriority>())
        {
            _queue.Add(priority, new Item(() => done.Signal()));
        }

        _queue.Drain();
        Assert.True(_queue.IsEmpty);
        await Task.Run(() => done.Wait(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        done.Dispose();
    }

    private Item Add(WorkPriority priority)
    {
        var item = new Item(() => { });
        _queue.Add(priority, item);
        return item;
    }

    private IThreadPoolWorkItem?[] TakeUrgent(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _queue.TryTakeUrgent(out IThreadPoolWorkItem? work) ? work : null)];

    private sealed class Item(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }
}
