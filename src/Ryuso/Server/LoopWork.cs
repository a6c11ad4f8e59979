namespace Ryuso;

/// <summary>When an <see cref="EventLoop"/> does what it has been given.</summary>
internal enum Urgency
{
    /// <summary>Before anything else, since it holds the lane.</summary>
    Turn,

    /// <summary>As soon as no turn waits.</summary>
    Answer,

    /// <summary>Once the sockets that were heard have been seen to.</summary>
    Rest,
}

/// <summary>What a loop has been given to do besides seeing to its sockets. All but the count is for one thread at a time.</summary>
internal sealed class LoopWork
{
    // The more, the less the lane stands still, and the longer the sockets wait.
    private const int MostInARow = 8;

    private readonly Queue<IThreadPoolWorkItem> _turns = new();
    private readonly Queue<IThreadPoolWorkItem> _answers = new();
    private readonly Queue<IThreadPoolWorkItem> _rest = new();
    private int _inARow;
    private int _count;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public void Add(Urgency urgency, IThreadPoolWorkItem work)
    {
        (urgency == Urgency.Turn ? _turns : urgency == Urgency.Answer ? _answers : _rest).Enqueue(work);
        _count++;
    }

    /// <summary>Turns first, then answers. But clients of other loops can keep turns coming for ever: of many in a row one lets answers go first, and then both let the sockets go.</summary>
    public bool TryTakeUrgent(out IThreadPoolWorkItem? work)
    {
        (Queue<IThreadPoolWorkItem> first, Queue<IThreadPoolWorkItem> second) = _inARow == MostInARow / 2 ? (_answers, _turns) : (_turns, _answers);
        work = null;
        bool isTaken = _inARow < MostInARow && (first.TryDequeue(out work) || second.TryDequeue(out work));
        _inARow = isTaken ? _inARow + 1 : 0;
        _count -= isTaken ? 1 : 0;
        return isTaken;
    }

    public bool TryTakeRest(out IThreadPoolWorkItem? work)
    {
        bool isTaken = _rest.TryDequeue(out work);
        _count -= isTaken ? 1 : 0;
        return isTaken;
    }

    /// <summary>Leaves all of it to the pool.</summary>
    public void Drain()
    {
        foreach (Queue<IThreadPoolWorkItem> queue in (ReadOnlySpan<Queue<IThreadPoolWorkItem>>)[_turns, _answers, _rest])
        {
            while (queue.TryDequeue(out IThreadPoolWorkItem? work))
            {
                ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
            }
        }

        _count = 0;
    }
}
