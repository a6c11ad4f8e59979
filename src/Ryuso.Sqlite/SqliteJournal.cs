using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>
/// A journal in one SQLite file, which any SQLite tool may read while the server runs: the views <c>runs</c> and <c>events</c>, the table
/// <c>plans</c>.
/// </summary>
public sealed class SqliteJournal : IJournal
{
    // An attempt to open the file again is followed by another soon.
    private static readonly TimeSpan s_reopenTimeout = TimeSpan.FromSeconds(1);

    private readonly JournalFile _file;
    private readonly SqliteJournalOptions _options;
    private readonly bool _isServer;
    private readonly Lock _openGate = new();
    private JournalLock? _lock;
    private GroupCommit? _commits;
    private RunReader? _reader;
    private bool _isOpen;
    private bool _isClosed;

    /// <summary>A journal for a server: it takes the file for itself and makes it where it is missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How long runs that have ended are kept; null for the defaults.</param>
    public SqliteJournal(string path, SqliteJournalOptions? options = null) : this(path, options, isServer: true) { }

    private SqliteJournal(string path, SqliteJournalOptions? options, bool isServer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _options = options ?? new SqliteJournalOptions();
        _options.Check();
        _file = new JournalFile(path, _options.LockTimeout);
        _isServer = isServer;
        Runs = new RunStore(this);
    }

    /// <inheritdoc/>
    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded;

    /// <inheritdoc/>
    public string? Id { get; private set; }

    /// <inheritdoc/>
    public IRunStore Runs { get; }

    /// <inheritdoc/>
    public JournalException? Fault => _commits?.Fault;

    /// <inheritdoc/>
    public string? Warning => _commits?.Warning;

    /// <inheritdoc/>
    public long DurablePosition => _commits?.DurablePosition ?? 0;

    /// <summary>How many commits were made.</summary>
    internal long Commits => _commits?.Count ?? 0;

    /// <summary>
    /// A journal for an operator's tool: it may be opened while a server has the file, to look at runs and to decide on stuck ones (<see
    /// cref="StuckRunOperations"/>). Looking needs no right to write and leaves no file behind; a decision needs the rights of the server.
    /// </summary>
    /// <param name="path">The file, which must be there.</param>
    public static SqliteJournal ForOperator(string path) => new(path, options: null, isServer: false);

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_isOpen)
        {
            throw new JournalException("The journal was opened before.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!_isServer)
        {
            Id = Observe(JournalFile.IdOf);
            _isOpen = true;
            return default;
        }

        _lock = JournalLock.Take(_file.Path);
        try
        {
            _commits = OpenWriter();
            SqliteConnection reader = _file.OpenReader();
            Id = JournalFile.IdOf(reader);
            _reader = new RunReader(reader);
            _isOpen = true;
        }
        catch (SqliteException exception)
        {
            Close();
            throw _file.Explain(exception);
        }
        catch
        {
            Close();
            throw;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask ReopenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _commits?.Reopen();
        return default;
    }

    /// <inheritdoc/>
    /// <exception cref="JournalException">For an operator's tool: the file cannot be written.</exception>
    public long Append(JournalEvent entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ThrowIfClosed();
        if (_commits is null)
        {
            lock (_openGate)
            {
                _commits ??= OpenWriter();
            }
        }

        return _commits.Append(entry);
    }

    /// <inheritdoc/>
    public bool IsDurable(long position) => position == 0 || _commits?.IsDurable(position) == true;

    /// <inheritdoc/>
    public ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        ValueTask flush = _commits?.FlushAsync(position, canWait) ?? default;
        return flush.IsCompleted || !cancellationToken.CanBeCanceled ? flush : new ValueTask(flush.AsTask().WaitAsync(cancellationToken));
    }

    /// <summary>Commits what was appended, closes the file and lets go of it.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        return default;
    }

    private GroupCommit OpenWriter() => new(
        _file,
        isFirst => new WriteSession(_file.OpenWriter(_isServer && isFirst, _isServer, _options.MaxPages, isFirst ? null : s_reopenTimeout), _options, _isServer),
        runId => OperatorDecisionRecorded?.Invoke(this, new OperatorDecisionEventArgs(runId)));

    /// <summary>The lock last: until SQLite has closed the file it must hold.</summary>
    private void Close()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _reader?.Dispose();
            _commits?.Dispose();
            _lock?.Dispose();
        }
    }

    private void ThrowIfClosed()
    {
        if (!_isOpen)
        {
            throw new JournalException("The journal has not been opened: call OpenAsync first.");
        }
    }

    /// <summary>Looks at the file as it is now, on a connection for this one look.</summary>
    private T Observe<T>(Func<SqliteConnection, T> look)
    {
        SqliteConnection connection = _file.OpenObserver(out string? leftover);
        try
        {
            return look(connection);
        }
        finally
        {
            connection.Dispose();
            _file.Clean(leftover);
        }
    }

    private T Read<T>(Func<RunReader, T> read)
    {
        ThrowIfClosed();
        try
        {
            return _reader is not null
                ? read(_reader)
                : Observe(connection =>
                {
                    using var reader = new RunReader(connection);
                    return read(reader);
                });
        }
        catch (SqliteException exception)
        {
            throw _file.Explain(exception);
        }
    }

    /// <summary>Reads on another connection than the one that writes.</summary>
    private sealed class RunStore(SqliteJournal journal) : IRunStore
    {
        public async ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(runId);
            if (journal._commits?.IsUncommitted(runId) == true)
            {
                await journal._commits.FlushAsync().ConfigureAwait(false);
            }

            return journal.Read(reader => reader.Find(runId, includeEvents));
        }

        public async ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(query);
            if (journal._commits is { Fault: null } commits)
            {
                await commits.FlushAsync().ConfigureAwait(false);
            }

            return journal.Read(reader => reader.List(query));
        }
    }
}
