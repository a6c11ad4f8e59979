using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>
/// Commits what is appended. A thread that asks for a barrier while nobody commits makes the commit itself, since no other thread need wake
/// for that; a barrier that can wait, or that comes while a commit is under way, shares the next one. Owns the connection that writes.
/// </summary>
/// <remarks>
/// Every position is in exactly one of these places, and moves down the list only:
/// <list type="bullet">
/// <item>waiting, in the next batch: appended, and no commit of it has begun;</item>
/// <item>being committed: in the one batch that the busy thread writes;</item>
/// <item>durable: at most the durable position, and in no loss;</item>
/// <item>lost: not durable when the journal failed. Known by the fault until the file is open again, by a loss from then on.</item>
/// </list>
/// The connection is used by one thread at a time: the one that has set <c>_isBusy</c> under the gate. It clears it under the gate when it
/// is done.
/// </remarks>
internal sealed class GroupCommit : IDisposable
{
    // Twice what SQLite is told to keep of the log after a checkpoint.
    private const long MaxLogBytes = 128L << 20;

    // How long a barrier that can wait does: far less than a commit takes, and enough for the next run to reach its first barrier.
    private static readonly long s_sharedWait = Stopwatch.Frequency / 1000;
    private static readonly long s_idleWait = Stopwatch.Frequency;

    private readonly JournalFile _file;
    private readonly Func<bool, WriteSession> _open;
    private readonly Action<string> _decided;
    private readonly Thread _thread;

    // The gate guards everything down to the next comment. Positions and losses are also read without it: each is published after what it
    // depends on.
    private readonly object _gate = new();
    private Batch _next = new();
    private Batch? _committing;
    private JournalException? _fault;
    private bool _isBusy;
    private bool _stopping;
    private bool _isShared;
    private bool _isMaintenanceDue;
    private long _wakesAt;
    private long _appendedPosition;
    private long _durablePosition;
    private Loss[] _losses = [];

    // Only the thread that has made the connection busy uses these. The session is null after an attempt to reopen that failed.
    private WriteSession? _session;
    private long _lastIdle = Stopwatch.GetTimestamp();

    /// <param name="file">The journal's file.</param>
    /// <param name="open">Opens a connection that writes; told whether for the first time.</param>
    /// <param name="decided">Called on the pool with the id of each run on which an operator's decision became durable.</param>
    /// <exception cref="JournalException">The file cannot be used.</exception>
    public GroupCommit(JournalFile file, Func<bool, WriteSession> open, Action<string> decided)
    {
        _file = file;
        _open = open;
        _decided = decided;
        _session = open(true);
        _thread = new Thread(Run) { Name = "Ryuso journal", IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many commits were made.</summary>
    public long Count { get; private set; }

    /// <inheritdoc cref="IJournal.Fault"/>
    public JournalException? Fault => Volatile.Read(ref _fault);

    /// <inheritdoc cref="IJournal.Warning"/>
    public string? Warning { get; private set; }

    /// <inheritdoc cref="IJournal.DurablePosition"/>
    public long DurablePosition => Volatile.Read(ref _durablePosition);

    /// <inheritdoc cref="IJournal.Append"/>
    public long Append(JournalEvent entry)
    {
        lock (_gate)
        {
            _next.Add(entry, ++_appendedPosition);
            return _appendedPosition;
        }
    }

    /// <inheritdoc cref="IJournal.IsDurable"/>
    public bool IsDurable(long position) => position <= DurablePosition && FindLoss(position) is null;

    /// <summary>The barrier for everything appended so far.</summary>
    public ValueTask FlushAsync()
    {
        long position;
        lock (_gate)
        {
            position = _appendedPosition;

            // A read does not care about what was lost before.
            if (position <= _durablePosition || (_fault is null && FindLoss(position) is not null))
            {
                return default;
            }
        }

        return FlushAsync(position, canWait: false);
    }

    /// <inheritdoc cref="IJournal.FlushAsync"/>
    public ValueTask FlushAsync(long position, bool canWait)
    {
        Batch batch;
        lock (_gate)
        {
            if ((FindLoss(position)?.Fault ?? (position > _durablePosition ? _fault : null)) is { } fault)
            {
                return ValueTask.FromException(fault);
            }

            if (position <= _durablePosition)
            {
                return default;
            }

            if (position <= _committing?.LastPosition)
            {
                return new ValueTask(_committing.WhenCommitted());
            }

            Debug.Assert(position <= _next.LastPosition, "A position is durable, lost, being committed or waiting.");
            if (canWait || _isBusy || _isMaintenanceDue)
            {
                LeaveToThread(canWait);
                return new ValueTask(_next.WhenCommitted());
            }

            batch = TakeBatch();
        }

        Commit(batch);
        return batch.Fault is { } failure ? ValueTask.FromException(failure) : default;
    }

    /// <inheritdoc cref="IJournal.ReopenAsync"/>
    public void Reopen()
    {
        lock (_gate)
        {
            while (_isBusy)
            {
                Monitor.Wait(_gate);
            }

            ObjectDisposedException.ThrowIf(_stopping, this);
            if (_fault is null)
            {
                return;
            }

            _isBusy = true;
        }

        JournalException? fault = null;
        try
        {
            _session?.Dispose();
            _session = null;
            _session = _open(false);
        }
        catch (JournalException exception)
        {
            fault = exception;
        }
        finally
        {
            lock (_gate)
            {
                if (_session is not null)
                {
                    // Lost before anything after it can become durable.
                    _losses = [.. _losses, new Loss(_durablePosition + 1, _appendedPosition, _fault)];
                    _next = new Batch();
                }

                _fault = _session is null ? fault ?? _fault : null;
                _isBusy = false;
                Monitor.PulseAll(_gate);
            }
        }

        if (fault is not null)
        {
            throw fault;
        }
    }

    /// <summary>Whether a run has events that are not durable yet.</summary>
    public bool IsUncommitted(string runId)
    {
        lock (_gate)
        {
            return _next.Contains(runId) || _committing?.Contains(runId) == true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
        bool isSound;
        lock (_gate)
        {
            isSound = _fault is null;
            _fault ??= new JournalException("The journal is closed.");
        }

        if (isSound)
        {
            _session!.Retention?.SaveElapsed();
        }

        _session?.Dispose();
        _session = null;
    }

    private Loss? FindLoss(long position)
    {
        foreach (Loss loss in Volatile.Read(ref _losses))
        {
            if (position >= loss.From && position <= loss.Through)
            {
                return loss;
            }
        }

        return null;
    }

    /// <summary>Has the journal's thread commit the next batch at once, or a little later.</summary>
    private void LeaveToThread(bool canWait)
    {
        long due = canWait ? Stopwatch.GetTimestamp() + s_sharedWait : 0;
        _next.Due = Math.Min(_next.Due, due);
        _isShared = true;
        if (_next.Due < _wakesAt && !_isBusy)
        {
            Monitor.Pulse(_gate);
        }
    }

    private Batch TakeBatch()
    {
        Debug.Assert(Monitor.IsEntered(_gate) && !_isBusy && _committing is null && _fault is null, "One commits at a time, and none after a fault.");
        Batch batch = _committing = _next;
        _next = new Batch();
        _isBusy = true;
        return batch;
    }

    private void Run()
    {
        while (WaitForWork(out Batch? batch))
        {
            if (batch is not null)
            {
                Commit(batch);
            }
            else
            {
                RunMaintenance();
                lock (_gate)
                {
                    _isBusy = false;
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    /// <summary>
    /// Waits until a batch is due, or maintenance is (no batch), and makes the connection busy; false when the thread is to end.
    /// </summary>
    private bool WaitForWork(out Batch? batch)
    {
        lock (_gate)
        {
            while (true)
            {
                // Maintenance comes first, or load without a pause would keep it from ever being done.
                long now = Stopwatch.GetTimestamp();
                long maintenanceDue = _stopping || _fault is not null ? long.MaxValue : _lastIdle + s_idleWait;
                _isMaintenanceDue = maintenanceDue <= now;
                if (!_isBusy && _isMaintenanceDue)
                {
                    batch = null;
                    _isMaintenanceDue = false;
                    return _isBusy = true;
                }

                bool isDue = _next.Due <= now || (_stopping && _next.Events.Count > 0);
                if (!_isBusy && _fault is null && isDue)
                {
                    batch = TakeBatch();
                    return true;
                }

                batch = null;
                if (!_isBusy && _stopping)
                {
                    return false;
                }

                // While commits are shared it looks again at once: to be woken for each would cost more.
                _wakesAt = _isBusy ? long.MaxValue : Math.Min(Math.Min(_next.Due, maintenanceDue), _isShared ? now + s_sharedWait : long.MaxValue);
                _isShared = false;
                if (_wakesAt == long.MaxValue)
                {
                    Monitor.Wait(_gate);
                }
                else
                {
                    Monitor.Wait(_gate, (int)Math.Ceiling((_wakesAt - now) * 1000.0 / Stopwatch.Frequency));
                }

                _wakesAt = 0;
            }
        }
    }

    /// <summary>Never throws: what went wrong is the batch's, and everybody's from then on.</summary>
    private void Commit(Batch batch)
    {
        JournalException? fault = null;
        try
        {
            _file.ThrowIfEmptied();
            int ended = _session!.Writer.Write(batch.Events);
            _file.ThrowIfGone();
            _file.Committed();
            _session.Retention?.Ended(ended);
        }
        catch (SqliteException exception)
        {
            fault = _file.Explain(exception);
        }
        catch (JournalException exception)
        {
            fault = exception;
        }
#pragma warning disable CA1031 // Whatever it was: those who wait must not wait for ever.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault = new JournalException($"The journal '{_file.Path}' failed: {exception.Message}", exception);
        }

        Batch? failed = null;
        lock (_gate)
        {
            _committing = null;
            _isBusy = false;
            Count++;
            if (fault is not null)
            {
                // What is not durable now never will be: every barrier that waits fails, and every later one until the file is open again.
                _fault = fault;
                failed = _next;
                _next = new Batch();
            }
            else
            {
                Volatile.Write(ref _durablePosition, batch.LastPosition);
            }

            if (_stopping || _next.Due < _wakesAt || _wakesAt == long.MaxValue)
            {
                Monitor.PulseAll(_gate);
            }
        }

        batch.Complete(fault);
        failed?.Complete(fault);
        if (fault is null)
        {
            RaiseDecided(batch.DecidedRuns);
        }
    }

    /// <summary>Once a second: notices what another process has decided, and prunes.</summary>
    private void RunMaintenance()
    {
        try
        {
            if (_session!.HasForeignChange())
            {
                RaiseDecided(_session.Writer.FindDecided());
                _session.Retention?.Recount();
            }

            if (_session.Retention?.Prune() == true)
            {
                // There is more: the next round comes soon, after whoever waits for a commit.
                _lastIdle = Stopwatch.GetTimestamp() - s_idleWait + s_sharedWait;
                return;
            }
        }
        catch (SqliteException)
        {
            // Locked, or worse: the next commit tells.
        }

        Warning = _file.LogLength is > MaxLogBytes and var length
            ? $"The -wal of the journal '{_file.Path}' has {length >> 20} MiB, because another program keeps reading the file. Close that program."
            : null;
        _lastIdle = Stopwatch.GetTimestamp();
    }

    private void RaiseDecided(IReadOnlyList<string> runIds)
    {
        foreach (string runId in runIds)
        {
            ThreadPool.QueueUserWorkItem(_decided, runId, preferLocal: false);
        }
    }

    /// <summary>Positions that a fault has lost.</summary>
    private sealed record Loss(long From, long Through, JournalException Fault);
}
