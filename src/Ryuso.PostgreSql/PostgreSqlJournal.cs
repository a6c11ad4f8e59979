namespace Ryuso.PostgreSql;

/// <summary>
/// A journal in a PostgreSQL database: a server on any machine may take it over, and what the former server sends from then on is not
/// written. Any PostgreSQL tool may read it: the views <c>runs</c> and <c>events</c> of its schema.
/// </summary>
public sealed class PostgreSqlJournal : IJournal
{
    private readonly Database _database;
    private readonly PostgreSqlJournalOptions _options;
    private readonly bool _isServer;
    private readonly GroupCommit _commits;
    private readonly RunReader _reader;
    private Maintenance? _maintenance;
    private bool _wasOpened;
    private bool _isOpen;
    private bool _isClosed;

    /// <summary>A journal for a server: it takes the journal for itself and makes it where it is missing.</summary>
    /// <param name="connectionString">Npgsql's connection string: PostgreSQL itself, not a pooler.</param>
    /// <param name="options">The schema, how long to wait, how long runs that have ended are kept; null for the defaults.</param>
    /// <exception cref="JournalException">The connection string cannot be read.</exception>
    public PostgreSqlJournal(string connectionString, PostgreSqlJournalOptions? options = null) : this(connectionString, options, isServer: true) { }

    private PostgreSqlJournal(string connectionString, PostgreSqlJournalOptions? options, bool isServer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        _options = options ?? new PostgreSqlJournalOptions();
        _options.Check();
        _isServer = isServer;
        _database = new Database(connectionString, _options.Schema);
        _commits = new GroupCommit(_database, _options, isServer, RaiseDecided) { BecameStuck = runId => _maintenance?.BecameStuck(runId) };
        _reader = new RunReader(_database);
        Runs = new RunStore(this);
    }

    /// <inheritdoc/>
    public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded;

    /// <inheritdoc/>
    public string? Id { get; private set; }

    /// <inheritdoc/>
    public IRunStore Runs { get; }

    /// <inheritdoc/>
    public JournalException? Fault => _commits.Fault;

    /// <inheritdoc/>
    public long DurablePosition => _commits.DurablePosition;

    /// <summary>
    /// A journal for an operator's tool: it may be opened while a server has the journal, to look at runs and to decide on stuck ones (<see
    /// cref="StuckRunOperations"/>). Looking needs the right to read the schema's tables, a decision that to change <c>run</c> and
    /// <c>event</c>.
    /// </summary>
    /// <param name="connectionString">Npgsql's connection string.</param>
    /// <param name="schema">The schema that holds the journal, which must be there.</param>
    public static PostgreSqlJournal ForOperator(string connectionString, string schema = "ryuso") =>
        new(connectionString, new PostgreSqlJournalOptions { Schema = schema }, isServer: false);

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_wasOpened)
        {
            throw new JournalException("The journal was opened before.");
        }

        _wasOpened = true;
        if (_isServer)
        {
            await _commits.OpenAsync(cancellationToken).ConfigureAwait(false);
        }

        Id = await _reader.FindIdAsync(cancellationToken).ConfigureAwait(false);
        if (_isServer)
        {
            HashSet<string> stuck = await _reader.ListStuckIdsAsync().ConfigureAwait(false);
            _maintenance = new Maintenance(_database, _reader, _commits, _options, stuck, RaiseDecided);
            _maintenance.Start();
        }

        _isOpen = true;
    }

    /// <inheritdoc/>
    public async ValueTask ReopenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        await _commits.ReopenAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public long Append(JournalEvent entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ThrowIfNotOpen();
        return _commits.Append(entry);
    }

    /// <inheritdoc/>
    public bool IsDurable(long position) => _commits.IsDurable(position);

    /// <inheritdoc/>
    public ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        ThrowIfNotOpen();
        ValueTask flush = _commits.FlushAsync(position, canWait);
        return flush.IsCompleted || !cancellationToken.CanBeCanceled ? flush : new ValueTask(flush.AsTask().WaitAsync(cancellationToken));
    }

    /// <summary>Commits what was appended and lets go of the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        if (_maintenance is not null)
        {
            await _maintenance.DisposeAsync().ConfigureAwait(false);
        }

        await _commits.DisposeAsync().ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
    }

    private void RaiseDecided(string runId) => OperatorDecisionRecorded?.Invoke(this, new OperatorDecisionEventArgs(runId));

    private void ThrowIfNotOpen()
    {
        if (!_isOpen)
        {
            throw new JournalException("The journal has not been opened: call OpenAsync first.");
        }
    }

    /// <summary>Reads on another connection than the one that writes.</summary>
    private sealed class RunStore(PostgreSqlJournal journal) : IRunStore
    {
        public async ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(runId);
            journal.ThrowIfNotOpen();
            if (journal._commits.IsUncommitted(runId))
            {
                await journal._commits.FlushAsync().ConfigureAwait(false);
            }

            return await journal._reader.FindAsync(runId, includeEvents, cancellationToken).ConfigureAwait(false);
        }

        public async ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(query);
            journal.ThrowIfNotOpen();
            if (journal.Fault is null)
            {
                await journal._commits.FlushAsync().ConfigureAwait(false);
            }

            return await journal._reader.ListAsync(query, cancellationToken).ConfigureAwait(false);
        }
    }
}
