using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>Commits what is appended, on a thread of its own, so that no other waits for the disk but by a barrier. Owns the connection.</summary>
internal sealed class CommitThread : IDisposable
{
    // How long a barrier that can wait does: far less than a commit takes, and enough for the next run to reach its first barrier.
    private static readonly TimeSpan SharedWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);

    private readonly JournalFile _file;
    private readonly SqliteConnection _connection;
    private readonly EventWriter _writer;
    private readonly Retention? _retention;
    private readonly Action _decided;
    private readonly SqliteCommand _dataVersion;
    private readonly Thread _thread;

    // Everything below is guarded by the gate.
    private readonly object _gate = new();
    private Batch _next = new();
    private Batch? _committing;
    private JournalException? _fault;
    private bool _stopping;

    // Only the thread uses these.
    private long _seenVersion;
    private long _lastIdle = Stopwatch.GetTimestamp();

    public CommitThread(JournalFile file, SqliteConnection connection, Retention? retention, Action decided)
    {
        _file = file;
        _connection = connection;
        _retention = retention;
        _decided = decided;
        _writer = new EventWriter(connection);
        _dataVersion = connection.CreateCommand();
        _dataVersion.CommandText = "PRAGMA data_version";
        _seenVersion = (long)_dataVersion.ExecuteScalar()!;
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
        lock (_gate)
        {
            if (_fault is not null)
            {
                return ValueTask.FromException(_fault);
            }

            if (_next.Events.Count == 0)
            {
                return _committing is null ? default : new ValueTask(_committing.Done.Task);
            }

            long due = Stopwatch.GetTimestamp() + (canWait ? (long)(SharedWait.TotalSeconds * Stopwatch.Frequency) : 0);
            if (due < _next.Due)
            {
                _next.Due = due;
                Monitor.Pulse(_gate);
            }

            return new ValueTask(_next.Done.Task);
        }
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
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _dataVersion.Dispose();
        _retention?.Dispose();
        _writer.Dispose();
        _connection.Dispose();
    }

    private void Run()
    {
        while (TakeBatch(out Batch? batch))
        {
            if (batch is not null)
            {
                Commit(batch);
            }

            if (Stopwatch.GetElapsedTime(_lastIdle) >= IdleWait)
            {
                KeepHouse();
            }
        }
    }

    /// <summary>Waits until a batch is due, or for a while; false when the thread is to end.</summary>
    private bool TakeBatch(out Batch? batch)
    {
        lock (_gate)
        {
            batch = null;
            long left = 0;
            while (!_stopping && (left = Math.Min(_next.Due, _lastIdle + (long)(IdleWait.TotalSeconds * Stopwatch.Frequency)) - Stopwatch.GetTimestamp()) > 0)
            {
                Monitor.Wait(_gate, (int)Math.Ceiling(left * 1000.0 / Stopwatch.Frequency));
            }

            bool isDue = _next.Due <= Stopwatch.GetTimestamp() || (_stopping && _next.Events.Count > 0);
            if (isDue && _fault is null)
            {
                batch = _committing = _next;
                _next = new Batch();
            }

            return batch is not null || !_stopping;
        }
    }

    private void Commit(Batch batch)
    {
        try
        {
            _writer.Write(batch.Events);
            _file.ThrowIfGone();
        }
        catch (SqliteException exception)
        {
            Fail(batch, _file.Explain(exception));
            return;
        }
        catch (JournalException exception)
        {
            Fail(batch, exception);
            return;
        }

        lock (_gate)
        {
            _committing = null;
            Count++;
        }

        batch.Done.SetResult();
        _retention?.Finished(batch.Events.Count(e => e.Kind == JournalEventKind.Finished));
        if (batch.Events.Exists(e => e.Kind is JournalEventKind.Retry or JournalEventKind.Skip))
        {
            RaiseDecided();
        }
    }

    /// <summary>What was not durable never will be: whoever waits is told, and whoever comes later.</summary>
    private void Fail(Batch batch, JournalException fault)
    {
        Batch next;
        lock (_gate)
        {
            _fault = fault;
            _committing = null;
            next = _next;
            _next = new Batch();
        }

        batch.Fail(fault);
        next.Fail(fault);
    }

    /// <summary>Once a second: notices what another process has decided, and prunes.</summary>
    private void KeepHouse()
    {
        try
        {
            long version = (long)_dataVersion.ExecuteScalar()!;
            if (version != _seenVersion)
            {
                _seenVersion = version;
                RaiseDecided();
            }

            if (_retention?.Prune() == true)
            {
                // There is more: the next round comes soon, after whoever waits for a commit.
                _lastIdle = Stopwatch.GetTimestamp() - (long)((IdleWait - SharedWait).TotalSeconds * Stopwatch.Frequency);
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

    /// <summary>What goes into one commit.</summary>
    private sealed class Batch
    {
        public List<JournalEvent> Events { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When the commit is to begin; never, until somebody asks for a barrier.</summary>
        public long Due { get; set; } = long.MaxValue;

        public bool Holds(string runId) => Events.Exists(e => e.RunId == runId);

        public void Fail(JournalException fault)
        {
            Done.SetException(fault);

            // Seen here, where nobody waits for the barrier.
            _ = Done.Task.Exception;
        }
    }
}
