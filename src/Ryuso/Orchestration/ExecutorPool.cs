using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ryuso.Orchestration;

/// <summary>Executors, each with the state of one run: rented before the request is read, given back when its answer has been written.</summary>
[DebuggerDisplay("{_others.Count} idle")]
internal sealed class ExecutorPool(Func<RunExecutor> create)
{
    private const int MaxIdle = 64;

    private readonly ConcurrentQueue<RunExecutor> _others = new();

    // Nearly always there is one user, who needs no queue.
    private RunExecutor? _first;

    public RunExecutor Rent() =>
        Interlocked.Exchange(ref _first, null) ?? (_others.TryDequeue(out RunExecutor? executor) ? executor : create());

    /// <summary>Gives an executor back, with nothing of its run left in it.</summary>
    public void Return(RunExecutor executor)
    {
        executor.Clear();
        if (Interlocked.CompareExchange(ref _first, executor, null) is not null && _others.Count < MaxIdle)
        {
            _others.Enqueue(executor);
        }
    }
}
