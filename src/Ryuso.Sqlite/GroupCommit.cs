using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>
/// Commits what is appended. Who asks for a barrier while nobody commits does it himself, since no thread need wake for that;
/// who can wait, or comes while a commit is under way, shares the next one. Owns the connection.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    // How long a barrier that can wait does: far less than a commit takes, and enough for the next run to reach its first barrier.
    private static readonly long s_sharedWait = Stopwatch.Frequency / 1000;
    private static readonly long s_idleWait = Stopwatch.Frequency;

    private readonly JournalFile _file;
    private readonly SqliteConnection _connection;
    private readonly EventWriter _writer;
    private readonly Retention? _retention;
    private readonly Action _decided;
    private readonly Statement _dataVersion;
    private readonly Thread _thread;

    // Everything below is guarded by the gate.
    private readonly object _gate = new();
    private Batch _next = new();
    private Batch? _committing;
    private JournalException? _fault;
    private bool _isBusy;
    private bool _stopping;
    private bool _isShared;
    private bool _isMaintenanceDue;
    private long _wakesAt;

    // Only who has made the connection busy uses these.
    private long _seenVersion;
    private long _lastIdle = Stopwatch.GetTimestamp();

    public GroupCommit(JournalFile file, SqliteConnection connection, SqliteJournalOptions options, bool isServer, Action decided)
    {
        _file = file;
        _connection = connection;
        _retention = isServer ? new Retention(connection, options) : null;
        _decided = decided;
        _writer = new EventWriter(connection, options);
        _dataVersion = new Statement(connection, "PRAGMA data_version");
        _seenVersion = _dataVersion.Number()!.Value;
        _thread = new Thread(Run) { Name = "Ryuso journal", IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many commits were made.</summary>
    public long Count { get; private set; }

    public void Append(JournalEvent entry)
    {
        lock (_gate)
        {
            _next.Events.Add(entry);
        }
    }

    public ValueTask FlushAsync(bool canWait)
    {
        Batch batch;
        lock (_gate)
        {
            if (_fault is not null)
            {
                return ValueTask.FromException(_fault);
            }

            if (_next.Events.Count == 0)
            {
                return _committing is null ? default : new ValueTask(_committing.WhenCommitted());
            }

            if (canWait || _isBusy || _isMaintenanceDue)
            {
                LeaveToThread(canWait);
                return new ValueTask(_next.WhenCommitted());
            }

            batch = TakeBatch();
        }

        Commit(batch);
        return batch.Fault is { } fault ? ValueTask.FromException(fault) : default;
    }

    /// <summary>Whether a run has events that are not durable yet.</summary>
    public bool IsUncommitted(string runId)
    {
        lock (_gate)
        {
            return _next.Holds(runId) || _committing?.Holds(runId) == true;
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
        lock (_gate)
        {
            _fault ??= new JournalException("The journal is closed.");
        }

        _dataVersion.Dispose();
        _retention?.Dispose();
        _writer.Dispose();
        _connection.Dispose();
    }

    /// <summary>Sees to it that the next batch is committed at once, or a little later.</summary>
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

    /// <summary>Waits until a batch is due, or the house is (no batch), and makes the connection busy; false when the thread is to end.</summary>
    private bool WaitForWork(out Batch? batch)
    {
        lock (_gate)
        {
            while (true)
            {
                // The house comes first, or load without a pause would keep it from ever being kept.
                long now = Stopwatch.GetTimestamp();
                long houseDue = _stopping || _fault is not null ? long.MaxValue : _lastIdle + s_idleWait;
                _isMaintenanceDue = houseDue <= now;
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
                _wakesAt = _isBusy ? long.MaxValue : Math.Min(Math.Min(_next.Due, houseDue), _isShared ? now + s_sharedWait : long.MaxValue);
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
            _writer.Write(batch.Events);
            _file.ThrowIfGone();
            _retention?.Finished(batch.Events.Count(e => e.Kind == JournalEventKind.RunFinished));
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
                // What was not durable never will be: whoever waits is told, and whoever comes later.
                _fault = fault;
                failed = _next;
                _next = new Batch();
            }

            if (_stopping || _next.Due < _wakesAt || _wakesAt == long.MaxValue)
            {
                Monitor.PulseAll(_gate);
            }
        }

        batch.Complete(fault);
        failed?.Complete(fault);
        if (fault is null && batch.Events.Exists(e => e.Kind is JournalEventKind.RetryRequested or JournalEventKind.SkipRequested))
        {
            RaiseDecided();
        }
    }

    /// <summary>Once a second: notices what another process has decided, and prunes.</summary>
    private void RunMaintenance()
    {
        try
        {
            long version = _dataVersion.Number()!.Value;
            if (version != _seenVersion)
            {
                _seenVersion = version;
                RaiseDecided();
            }

            if (_retention is not null)
            {
                _writer.CatchUp();
            }

            if (_retention?.Prune() == true)
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

        _lastIdle = Stopwatch.GetTimestamp();
    }

    private void RaiseDecided() => ThreadPool.QueueUserWorkItem(static decided => decided(), _decided, preferLocal: false);
}
