using System.Diagnostics;

namespace Ryuso.Server.Loops;

/// <summary>When an <see cref="EventLoop"/> carries out queued work.</summary>
internal enum WorkPriority
{
    /// <summary>Before anything else, since it holds the lane.</summary>
    LaneTurn,

    /// <summary>As soon as no turn waits.</summary>
    Send,

    /// <summary>Once the sockets with events have been served.</summary>
    Background,
}

/// <summary>The work that is queued for a loop, besides its sockets.</summary>
/// <remarks>
/// Everything but <see cref="IsEmpty"/> is called under the loop's gate. Fairness: of <see cref="ServerTuning.MaxUrgentInARow"/> urgent
/// items in a row at least one half-way is a send, where one waits; after that many the loop looks at its sockets. So a socket waits
/// for at most that many lane turns and sends, and a send for half as many turns.
/// </remarks>
[DebuggerDisplay("{_laneTurns.Count} turns, {_sends.Count} sends, {_background.Count} background")]
internal sealed class LoopQueue
{
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

    /// <summary>Turns first, then answers; see the remarks for how long they go first.</summary>
    public bool TryTakeUrgent(out IThreadPoolWorkItem? work)
    {
        (Queue<IThreadPoolWorkItem> first, Queue<IThreadPoolWorkItem> second) = _urgentInARow == ServerTuning.MaxUrgentInARow / 2
            ? (_sends, _laneTurns)
            : (_laneTurns, _sends);
        work = null;
        bool isTaken = _urgentInARow < ServerTuning.MaxUrgentInARow && (first.TryDequeue(out work) || second.TryDequeue(out work));
        _urgentInARow = isTaken ? _urgentInARow + 1 : 0;
        _count -= isTaken ? 1 : 0;
        Debug.Assert(_count == _laneTurns.Count + _sends.Count + _background.Count, "The count is that of the queues.");
        return isTaken;
    }

    /// <summary>Takes what may wait for the sockets.</summary>
    public bool TryTakeBackground(out IThreadPoolWorkItem? work)
    {
        bool isTaken = _background.TryDequeue(out work);
        _count -= isTaken ? 1 : 0;
        return isTaken;
    }

    /// <summary>Leaves all of it to the thread pool.</summary>
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
