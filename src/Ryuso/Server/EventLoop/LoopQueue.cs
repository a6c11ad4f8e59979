namespace Ryuso.Server.Loops;

/// <summary>When an <see cref="EventLoop"/> does what it has been given.</summary>
internal enum WorkPriority
{
    /// <summary>Before anything else, since it holds the lane.</summary>
    LaneTurn,

    /// <summary>As soon as no turn waits.</summary>
    Send,

    /// <summary>Once the sockets that were heard have been seen to.</summary>
    Background,
}

/// <summary>What a loop has been given to do besides seeing to its sockets. All but the count is for one thread at a time.</summary>
internal sealed class LoopQueue
{
    // The more, the less the lane stands still, and the longer the sockets wait.
    private const int MaxUrgentInARow = 8;

    private readonly Queue<IThreadPoolWorkItem> _laneTurns = new();
    private readonly Queue<IThreadPoolWorkItem> _sends = new();
    private readonly Queue<IThreadPoolWorkItem> _background = new();
    private int _urgentInARow;
    private int _count;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public void Add(WorkPriority urgency, IThreadPoolWorkItem work)
    {
        (urgency == WorkPriority.LaneTurn ? _laneTurns : urgency == WorkPriority.Send ? _sends : _background).Enqueue(work);
        _count++;
    }

    /// <summary>Turns first, then answers. But clients of other loops can keep turns coming for ever: of many in a row one lets answers go first, and then both let the sockets go.</summary>
    public bool TryTakeUrgent(out IThreadPoolWorkItem? work)
    {
        (Queue<IThreadPoolWorkItem> first, Queue<IThreadPoolWorkItem> second) = _urgentInARow == MaxUrgentInARow / 2 ? (_sends, _laneTurns) : (_laneTurns, _sends);
        work = null;
        bool isTaken = _urgentInARow < MaxUrgentInARow && (first.TryDequeue(out work) || second.TryDequeue(out work));
        _urgentInARow = isTaken ? _urgentInARow + 1 : 0;
        _count -= isTaken ? 1 : 0;
        return isTaken;
    }

    public bool TryTakeBackground(out IThreadPoolWorkItem? work)
    {
        bool isTaken = _background.TryDequeue(out work);
        _count -= isTaken ? 1 : 0;
        return isTaken;
    }

    /// <summary>Leaves all of it to the pool.</summary>
    public void Drain()
    {
        foreach (Queue<IThreadPoolWorkItem> queue in (ReadOnlySpan<Queue<IThreadPoolWorkItem>>)[_laneTurns, _sends, _background])
        {
            while (queue.TryDequeue(out IThreadPoolWorkItem? work))
            {
                ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
            }
        }

        _count = 0;
    }
}
