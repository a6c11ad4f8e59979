using System.Diagnostics;
using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>
/// Commits what is appended: one commit at a time, and what comes meanwhile shares the next. Owns the connection that writes.
/// </summary>
/// <remarks>
/// Every position is in exactly one of these places, and moves down the list only: waiting in the next batch; in the batch that is being
/// committed; durable (at most the durable position, and in no loss); lost. What went wrong with a commit is one of four:
/// <list type="bullet">
/// <item>fenced: nothing was written, and another server has the journal;</item>
/// <item>a run id is taken: nothing was written; it is written again without that run;</item>
/// <item>the same statement is refused as wrong three times: a fault;</item>
/// <item>everything else: unknown. The own fence is raised on a new connection, which waits for the append where it is still alive and keeps
/// it from being written later; then it is there or it is not, and is sent again only where it is not.</item>
/// </list>
/// </remarks>
internal sealed class GroupCommit : IAsyncDisposable
{
    private const int MaxSameErrors = 3;

    private static readonly TimeSpan s_retryInterval = TimeSpan.FromMilliseconds(100);

    private readonly Database _database;
    private readonly PostgreSqlJournalOptions _options;
    private readonly Action<string> _decided;
    private readonly bool _isServer;

    // The gate guards everything down to the next comment. Positions and losses are also read without it: each is published after what it
    // depends on.
    private readonly Lock _gate = new();
    private Batch _next = new();
    private Batch? _committing;
    private JournalException? _fault;
    private Task _working = Task.CompletedTask;
    private bool _isBusy;
    private long _appendedPosition;
    private long _durablePosition;
    private Loss[] _losses = [];

    // Only whoever is busy uses these.
    private WriteSession? _session;
    private OpenRuns? _runs;
    private int _process;
    private EventRow? _lastWritten;
    private long[] _witnessRuns = [0, 0];

    // Whoever is busy adds, and maintenance takes.
    private long _ended;

    /// <param name="database">The journal's database.</param>
    /// <param name="options">How long to wait.</param>
    /// <param name="isServer">Whether it takes the journal; an operator's tool only decides.</param>
    /// <param name="decided">Called on the pool with the id of each run on which a decision became durable.</param>
    public GroupCommit(Database database, PostgreSqlJournalOptions options, bool isServer, Action<string> decided)
    {
        _database = database;
        _options = options;
        _isServer = isServer;
        _decided = decided;
    }

    /// <summary>Called, by whoever commits, with the id of each run that has become stuck.</summary>
    public Action<string>? BecameStuck { get; init; }

    /// <inheritdoc cref="IJournal.Fault"/>
    public JournalException? Fault => Volatile.Read(ref _fault);

    /// <inheritdoc cref="IJournal.DurablePosition"/>
    public long DurablePosition => Volatile.Read(ref _durablePosition);

    /// <summary>The run of the last append, and of the one under way: what tells that the database has kept its promises.</summary>
    public long[] WitnessRuns => Volatile.Read(ref _witnessRuns);

    /// <summary>How many runs have ended, and are not stuck, since this was last asked.</summary>
    public long TakeEnded() => Interlocked.Exchange(ref _ended, 0);

    /// <summary>Takes the journal.</summary>
    /// <exception cref="JournalException">It cannot be taken.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            WriteSession session = _isServer
                ? await WriteSession.TakeAsync(_database, _options, _process, cancellationToken).ConfigureAwait(false)
                : await WriteSession.ConnectAsync(_database, cancellationToken).ConfigureAwait(false);
            try
            {
                var runs = new OpenRuns(_database.Schema);
                if (_isServer)
                {
                    await ThrowIfLostAsync(session).ConfigureAwait(false);
                    await runs.LoadAsync(session.Connection, cancellationToken).ConfigureAwait(false);
                }

                if (session.IsFormerWriterInDoubt)
                {
                    await Task.Delay(_options.TakeoverDelay, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
                }

                _runs = runs;
                Use(session);
            }
            catch
            {
                await session.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception exception) when (Database.IsFailure(exception))
        {
            throw _database.Explain(exception);
        }
    }

    /// <inheritdoc cref="IJournal.Append"/>
    public long Append(JournalEvent entry)
    {
        lock (_gate)
        {
            _next.Events.Add((entry, ++_appendedPosition));
            return _appendedPosition;
        }
    }

    /// <inheritdoc cref="IJournal.IsDurable"/>
    public bool IsDurable(long position) => position <= DurablePosition && FindLoss(position) is null;

    /// <summary>Whether a run has events that are not durable yet.</summary>
    public bool IsUncommitted(string runId)
    {
        lock (_gate)
        {
            return Contains(_next, runId) || (_committing is { } batch && Contains(batch, runId));
        }
    }

    /// <summary>The barrier for everything appended so far; what was lost before is no matter.</summary>
    public async ValueTask FlushAsync()
    {
        Task done;
        JournalException? fault;
        lock (_gate)
        {
            done = _next.Events.Count > 0 ? Want(_next, canWait: false) : _committing?.WhenDone ?? Task.CompletedTask;
            fault = _fault;
        }

        await (fault is null ? done : Task.CompletedTask).ConfigureAwait(false);
        if (Fault is { } failure)
        {
            throw failure;
        }
    }

    /// <inheritdoc cref="IJournal.FlushAsync"/>
    public ValueTask FlushAsync(long position, bool canWait)
    {
        Task done;
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

            done = position <= _committing?.LastPosition ? _committing.WhenDone : Want(_next, canWait);
        }

        return FinishAsync(done, position);
    }

    /// <inheritdoc cref="IJournal.ReopenAsync"/>
    public async Task ReopenAsync(CancellationToken cancellationToken)
    {
        await Working().ConfigureAwait(false);
        if (Fault is not { } fault)
        {
            return;
        }

        await EndSessionAsync().ConfigureAwait(false);
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        Batch lost;
        lock (_gate)
        {
            // Lost before anything after it can become durable.
            _losses = [.. _losses, new Loss(_durablePosition + 1, _appendedPosition, fault)];
            lost = _next;
            _next = new Batch();
            _fault = null;
        }

        lost.Complete();
    }

    /// <summary>Commits what was appended and lets go of the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_next.Events.Count > 0 && _fault is null)
            {
                Want(_next, canWait: false);
            }
        }

        await Working().ConfigureAwait(false);
        Batch lost;
        bool isSound;
        lock (_gate)
        {
            isSound = _fault is null;
            _fault ??= new JournalException("The journal is closed.");
            lost = _next;
        }

        lost.Complete();
        if (isSound && _isServer && _session is not null)
        {
            try
            {
                await _session.ReleaseAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (Database.IsFailure(exception))
            {
                // The next writer waits a little longer.
            }
        }

        await EndSessionAsync().ConfigureAwait(false);
    }

    private static bool Contains(Batch batch, string runId) => batch.Events.Exists(e => e.Entry.RunId == runId);

    private Task Working()
    {
        lock (_gate)
        {
            return _working;
        }
    }

    private async ValueTask FinishAsync(Task done, long position)
    {
        await done.ConfigureAwait(false);
        lock (_gate)
        {
            if ((FindLoss(position)?.Fault ?? (position > _durablePosition ? _fault : null)) is { } fault)
            {
                throw fault;
            }
        }
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

    /// <summary>Has a batch committed as soon as that can be done. Call with the gate held.</summary>
    private Task Want(Batch batch, bool canWait)
    {
        batch.IsWanted = true;
        if (!_isBusy && _fault is null)
        {
            _isBusy = true;
            Batch? first = canWait ? null : TakeBatch();
            _working = Task.Run(() => CommitAllAsync(first));
        }

        return batch.WhenDone;
    }

    /// <summary>Call with the gate held.</summary>
    private Batch TakeBatch()
    {
        Debug.Assert(_isBusy && _committing is null && _fault is null, "One commits at a time, and none after a fault.");
        Batch batch = _committing = _next;
        _next = new Batch();
        return batch;
    }

    /// <summary>Never throws: what went wrong is the batch's, and everybody's from then on.</summary>
    private async Task CommitAllAsync(Batch? batch)
    {
        while (true)
        {
            lock (_gate)
            {
                if (batch is null && (_fault is not null || !_next.IsWanted))
                {
                    _isBusy = false;
                    return;
                }

                batch ??= TakeBatch();
            }

            JournalException? fault = null;
            try
            {
                await CommitAsync(batch).ConfigureAwait(false);
            }
            catch (JournalException exception)
            {
                fault = exception;
            }
#pragma warning disable CA1031 // Whatever it was: those who wait must not wait for ever.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                fault = _database.Explain(exception);
            }

            Batch? failed = null;
            lock (_gate)
            {
                _committing = null;
                if (fault is not null)
                {
                    _fault = fault;
                    failed = _next;
                    _next = new Batch();
                }
            }

            batch.Complete();
            failed?.Complete();
            batch = null;
        }
    }

    /// <summary>Cuts a batch at the decisions in it, which are statements of their own.</summary>
    private async Task CommitAsync(Batch batch)
    {
        List<(JournalEvent Entry, long Position)> events = [];
        foreach ((JournalEvent entry, long position) in batch.Events)
        {
            if (!entry.IsDecision)
            {
                events.Add((entry, position));
                continue;
            }

            await AppendAsync(events).ConfigureAwait(false);
            events = [];
            await TryUntilKnownAsync(
                async session =>
                {
                    await PostgreSql.Append.DecideAsync(session, _database.Schema, entry).ConfigureAwait(false);
                    return true;
                },
                isThere: _ => Task.FromResult(false)).ConfigureAwait(false);
            Volatile.Write(ref _durablePosition, position);
            ThreadPool.QueueUserWorkItem(_decided, entry.RunId, preferLocal: false);
        }

        await AppendAsync(events).ConfigureAwait(false);
    }

    private async Task AppendAsync(List<(JournalEvent Entry, long Position)> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        if (!_isServer)
        {
            throw new JournalException("An operator's tool only decides on stuck runs; what runs do is recorded by their server.");
        }

        // The rows are made once, and sent until they are written: made again they would get other numbers.
        Segment? segment = null;
        await TryUntilKnownAsync(
            async session =>
            {
                segment ??= await _runs!.WriteAsync(session.Connection, events).ConfigureAwait(false);
                if (segment.Events.Count == 0)
                {
                    return true;
                }

                Volatile.Write(ref _witnessRuns, [_witnessRuns[1], segment.Events[0].Run]);
                return await WriteOrRefuseAsync(session, segment).ConfigureAwait(false);
            },
            isThere: session => segment is { Events: [var first, ..] }
                ? PostgreSql.Append.ContainsAsync(session, _database.Schema, first.Run, first.Seq)
                : Task.FromResult(false)).ConfigureAwait(false);
        _lastWritten = segment!.Events.FirstOrDefault() ?? _lastWritten;
        foreach (EventRow row in segment.Events)
        {
            if (row.Entry is { Kind: JournalEventKind.RunFinished, Status: var status })
            {
                if (status == RunStatus.Stuck)
                {
                    BecameStuck?.Invoke(row.Entry.RunId);
                }
                else
                {
                    Interlocked.Increment(ref _ended);
                }
            }
        }

        HashSet<long> written = [.. segment.Events.Select(e => e.Position)];
        Lose([.. events.Select(e => e.Position).Where(p => !written.Contains(p) && FindLoss(p) is null)]);
        Volatile.Write(ref _durablePosition, events[^1].Position);
    }

    /// <summary>Writes; where another run has the id of one that is accepted, that one is lost and the rest is written.</summary>
    private async Task<bool> WriteOrRefuseAsync(WriteSession session, Segment segment)
    {
        while (true)
        {
            try
            {
                return segment.Events.Count == 0 || await PostgreSql.Append.WriteAsync(session, _database.Schema, segment).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "run_run_id" })
            {
                HashSet<string> taken = await TakenAsync(session, segment).ConfigureAwait(false);
                if (taken.Count == 0)
                {
                    throw;
                }

                foreach (RunRow run in segment.Runs.Where(r => taken.Contains(r.RunId)).ToArray())
                {
                    Lose([.. segment.Remove(run)], run.RunId);
                    _runs!.Refuse(run.RunId);
                }
            }
        }
    }

    private async Task<HashSet<string>> TakenAsync(WriteSession session, Segment segment)
    {
        string[] ids = [.. segment.Runs.Select(r => StoredText.Write(r.RunId)!)];
        using NpgsqlCommand find = Schema.Command(session.Connection, $"SELECT run_id FROM {_database.Schema}.run WHERE run_id = ANY ($1)", (object)ids);
        HashSet<string> taken = new(StringComparer.Ordinal);
        NpgsqlDataReader reader = await find.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync().ConfigureAwait(false))
            {
                taken.Add(StoredText.Read(reader.GetString(0))!);
            }
        }

        return taken;
    }

    private void Lose(long[] positions, string? runId = null)
    {
        if (positions.Length == 0)
        {
            return;
        }

        string which = runId is null ? "The run's id" : $"The run id '{runId}'";
        var fault = new JournalException($"{which} is taken: another run in the journal has it.");
        lock (_gate)
        {
            _losses = [.. _losses, .. positions.Select(p => new Loss(p, p, fault))];
        }
    }

    /// <summary>Sends until it is known to be written; see the remarks of this class.</summary>
    private async Task TryUntilKnownAsync(Func<WriteSession, Task<bool>> write, Func<WriteSession, Task<bool>> isThere)
    {
        long began = _options.TimeProvider.GetTimestamp();
        bool isUnknown = false;
        for ((string? Code, int Times) error = default; ;)
        {
            try
            {
                if (_session is null)
                {
                    await TakeAgainAsync().ConfigureAwait(false);
                }

                if (isUnknown && await isThere(_session!).ConfigureAwait(false))
                {
                    return;
                }

                isUnknown = true;
                if (!await write(_session!).ConfigureAwait(false))
                {
                    throw _session!.Fenced();
                }

                return;
            }
            catch (Exception exception) when (Database.IsFailure(exception))
            {
                await EndSessionAsync().ConfigureAwait(false);
                string? code = (exception as PostgresException)?.SqlState;
                error = code == error.Code ? (code, error.Times + 1) : (code, 1);
                bool isWrong = code is ['2', '2' or '3', ..] or ['4', '2', ..];
                if ((isWrong && error.Times == MaxSameErrors) || _options.TimeProvider.GetElapsedTime(began) >= _options.OutageTimeout)
                {
                    throw _database.Explain(exception);
                }

                await Task.Delay(s_retryInterval, _options.TimeProvider).ConfigureAwait(false);
            }
        }
    }

    private async Task TakeAgainAsync()
    {
        WriteSession session = _isServer
            ? await WriteSession.TakeAgainAsync(_database, _process, _options.TimeProvider).ConfigureAwait(false)
            : await WriteSession.ConnectAsync(_database, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await ThrowIfLostAsync(session).ConfigureAwait(false);
            Use(session);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void Use(WriteSession session)
    {
        _session = session;
        _process = session.Connection.ProcessID;
    }

    /// <summary>A standby that had not received everything may have been promoted.</summary>
    private async Task ThrowIfLostAsync(WriteSession session)
    {
        if (_lastWritten is { } last && !await PostgreSql.Append.ContainsAsync(session, _database.Schema, last.Run, last.Seq).ConfigureAwait(false))
        {
            throw _database.Refuse(
                $"it has lost what it had acknowledged, the last of it an event of the run '{last.Entry.RunId}'. A standby without synchronous "
                + "replication was probably promoted. Restore the database, or start the server again to go on with what is there.");
        }
    }

    private async Task EndSessionAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Positions that never become durable.</summary>
    private sealed record Loss(long From, long Through, JournalException Fault);
}
