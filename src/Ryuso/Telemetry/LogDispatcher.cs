using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Ryuso.Telemetry;

/// <summary>
/// Carries log entries to one logger on a thread of the pool, so that a logger that blocks or throws costs lines and nothing else.
/// At most <see cref="MaxQueuedEntries"/> wait; further ones are dropped and counted.
/// </summary>
/// <remarks>
/// State: idle, no entry waits that nobody will deliver; scheduled, a work item is queued or running. Whoever queues an entry makes the
/// step from idle to scheduled; the work item makes the step back, and looks once more for entries that came before it did.
/// Only the holder of <see cref="_delivery"/> calls the logger, so entries arrive in order, one at a time.
/// </remarks>
[DebuggerDisplay("{_queued} queued, {_delivered} of {_posted} delivered, {_dropped} dropped")]
internal sealed class LogDispatcher : IThreadPoolWorkItem
{
    /// <summary>A second of lines at the rate of the default log, with room for bursts; each holds about 200 bytes.</summary>
    public const int MaxQueuedEntries = 8192;

    /// <summary>Entries below a warning leave the rest of the room to warnings.</summary>
    public const int MaxQueuedDetails = MaxQueuedEntries / 2;

    private const int Idle = 0;
    private const int Scheduled = 1;

    private static readonly ConditionalWeakTable<ILogger, LogDispatcher> s_dispatchers = [];

    private readonly ILogger _logger;
    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly Lock _delivery = new();
    private int _state;
    private int _queued;
    private long _posted;
    private long _delivered;
    private long _dropped;
    private long _reportedDrops;
    private volatile bool _isStalled;

    private LogDispatcher(ILogger logger) => _logger = logger;

    /// <summary>How many entries have been dropped: no room, or a logger that threw.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>The one dispatcher of a logger.</summary>
    public static LogDispatcher Of(ILogger logger) => s_dispatchers.GetValue(logger, static logger => new LogDispatcher(logger));

    /// <summary>Whether an entry of this level would be queued; one that would not is counted as dropped.</summary>
    public bool HasRoom(LogLevel level)
    {
        if (Volatile.Read(ref _queued) < (level >= LogLevel.Warning ? MaxQueuedEntries : MaxQueuedDetails))
        {
            return true;
        }

        Drop();
        return false;
    }

    public void Post(Entry entry)
    {
        Interlocked.Increment(ref _queued);
        _entries.Enqueue(entry);
        Interlocked.Increment(ref _posted);
        if (Volatile.Read(ref _state) == Idle && Interlocked.CompareExchange(ref _state, Scheduled, Idle) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>
    /// Waits until what has been posted before is delivered. The caller does not deliver it itself: a logger that blocks would block the caller.
    /// </summary>
    /// <param name="limit">How long to wait; a logger that was found stalled is not waited for again until it makes progress.</param>
    public void Flush(TimeSpan limit)
    {
        long posted = Volatile.Read(ref _posted);
        if (Volatile.Read(ref _delivered) >= posted || _isStalled)
        {
            return;
        }

        long began = Stopwatch.GetTimestamp();
        var spin = default(SpinWait);
        while (Volatile.Read(ref _delivered) < posted)
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
            {
                _isStalled = true;
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            lock (_delivery)
            {
                Deliver();
            }

            Volatile.Write(ref _state, Idle);
        }
        while (!_entries.IsEmpty && Interlocked.CompareExchange(ref _state, Scheduled, Idle) == Idle);
    }

    private void Deliver()
    {
        Debug.Assert(_delivery.IsHeldByCurrentThread, "Only the holder of the delivery lock calls the logger.");
        while (_entries.TryDequeue(out Entry? entry))
        {
            Interlocked.Decrement(ref _queued);
            Call(entry);
            Interlocked.Increment(ref _delivered);
            _isStalled = false;
        }

        long dropped = Dropped;
        if (dropped > _reportedDrops)
        {
            long count = dropped - _reportedDrops;
            _reportedDrops = dropped;
            Call(new DropReport(count));
        }
    }

    private void Call(Entry entry)
    {
        Activity? before = Activity.Current;
        try
        {
            entry.Write(_logger);
        }
#pragma warning disable CA1031 // A logger that throws costs its line and nothing else.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (entry is not DropReport)
            {
                Drop();
            }
        }
        finally
        {
            Activity.Current = before;
        }
    }

    private void Drop()
    {
        Interlocked.Increment(ref _dropped);
        Instruments.CountDroppedLogEntry();
    }

    /// <summary>One call of the logger, put off.</summary>
    internal abstract class Entry
    {
        public abstract void Write(ILogger logger);
    }

    private sealed class DropReport(long count) : Entry
    {
        public override void Write(ILogger logger) => TelemetryLog.EntriesDropped(logger, count);
    }
}
