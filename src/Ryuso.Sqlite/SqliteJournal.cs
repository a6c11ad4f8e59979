using Microsoft.Data.Sqlite;

namespace Ryuso.Sqlite;

/// <summary>
/// A journal in one SQLite file, which any SQLite tool may read while the server runs: <c>runs</c>, <c>events</c> and <c>plans</c>.
/// Whoever asks for a barrier commits; who asks while a commit is under way shares the next.
/// </summary>
public sealed class SqliteJournal : IJournal, IRunStore
{
    private readonly JournalFile _file;
    private readonly SqliteJournalOptions _options;
    private readonly bool _isServer;
    private JournalLock? _lock;
    private GroupCommit? _commits;
    private RunReader? _reader;

    /// <summary>A journal for a server: it takes the file for itself and makes it where it is missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How long finished runs are kept; null for the defaults.</param>
    public SqliteJournal(string path, SqliteJournalOptions? options = null) : this(path, options, isServer: true) { }

    private SqliteJournal(string path, SqliteJournalOptions? options, bool isServer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _options = options ?? new SqliteJournalOptions();
        _options.Check();
        _file = new JournalFile(path, _options.LockTimeout);
        _isServer = isServer;
    }

    /// <inheritdoc/>
    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded;

    /// <inheritdoc/>
    public string? Id { get; private set; }

    /// <summary>How many commits were made.</summary>
    internal long Commits => _commits?.Count ?? 0;

    /// <summary>A journal for an operator's tool: it may be opened while a server has the file, to look at runs and to decide on stuck ones (<see cref="StuckRunOperations"/>).</summary>
    /// <param name="path">The file, which must be there.</param>
    public static SqliteJournal ForOperator(string path) => new(path, options: null, isServer: false);

    /// <inheritdoc/>
    public IRunStore Runs => this;

    /// <inheritdoc/>
    public JournalException? Fault => _commits?.Fault;

    /// <inheritdoc/>
    public long DurablePosition => _commits?.DurablePosition ?? 0;

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_commits is not null)
        {
            throw new JournalException("The journal was opened before.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        _lock = _isServer ? JournalLock.Take(_file.Path) : null;
        try
        {
            _commits = new GroupCommit(
                _file,
                () => new WriteSession(_file.OpenWriter(mayCreate: _isServer, _options.MaxPages), _options, _isServer),
                runId => OperatorDecisionRecorded?.Invoke(this, new OperatorDecisionEventArgs(runId)));
            SqliteConnection reader = _file.OpenReader();
            Id = JournalFile.IdOf(reader);
            _reader = new RunReader(reader);
        }
        catch (SqliteException exception)
        {
            _lock?.Dispose();
            throw _file.Explain(exception);
        }
        catch
        {
            _lock?.Dispose();
            throw;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask ReopenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Opened.Reopen();
        return default;
    }

    /// <inheritdoc/>
    public long Append(JournalEvent entry) => Opened.Append(entry ?? throw new ArgumentNullException(nameof(entry)));

    /// <inheritdoc/>
    public bool IsDurable(long position) => Opened.IsDurable(position);

    /// <inheritdoc/>
    public ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        ValueTask flush = Opened.FlushAsync(position, canWait);
        return flush.IsCompleted || !cancellationToken.CanBeCanceled ? flush : new ValueTask(flush.AsTask().WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    async ValueTask<JournaledRun?> IRunStore.FindAsync(string runId, bool includeEvents, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runId);
        if (Opened.IsUncommitted(runId))
        {
            await Opened.FlushAsync().ConfigureAwait(false);
        }

        return Read(reader => reader.Find(runId, includeEvents));
    }

    /// <inheritdoc/>
    async ValueTask<IReadOnlyList<JournaledRun>> IRunStore.ListAsync(RunQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (Fault is null)
        {
            await Opened.FlushAsync().ConfigureAwait(false);
        }

        return Read(reader => reader.List(query));
    }

    /// <summary>Commits what was appended, closes the file and lets go of it.</summary>
    public ValueTask DisposeAsync()
    {
        _reader?.Dispose();
        _commits?.Dispose();
        _lock?.Dispose();
        return default;
    }

    private GroupCommit Opened => _commits ?? throw new JournalException("The journal has not been opened: call OpenAsync first.");

    private T Read<T>(Func<RunReader, T> read)
    {
        try
        {
            return read(_reader!);
        }
        catch (SqliteException exception)
        {
            throw _file.Explain(exception);
        }
    }
}
