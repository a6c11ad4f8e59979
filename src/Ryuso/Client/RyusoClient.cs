using System.Text.Json.Nodes;
using Ryuso.Client;
using Ryuso.Protocol;

namespace Ryuso;

/// <summary>
/// Calls the programs of a server over one connection, which is opened by the first call and made again when it is lost. Any number of
/// calls may be under way at once, from any thread. The generator derives one with a typed method for each program from a spec; this one
/// takes programs by name.
/// </summary>
/// <remarks>
/// A call whose request had not been sent when the connection was lost is sent on the next. One that had been sent is asked for again only
/// where the server's journal, the same as before, knows the run by its id; otherwise it ends in <see cref="OutcomeUnknownException"/>. A
/// call that is cancelled ends at once, and its run may go on.
/// </remarks>
public class RyusoClient : IAsyncDisposable
{
    private readonly ListenAddress _server;
    private readonly RyusoClientOptions _options;
    private readonly ClientConnections _connections;
    private readonly CallExecutor _caller;
    private long _lastId;

    /// <summary>Makes a client of a server on a port; nothing is sent yet.</summary>
    /// <param name="host">The server's name or address.</param>
    /// <param name="port">The server's port.</param>
    /// <param name="options">How to connect; null for the defaults.</param>
    public RyusoClient(string host, int port, RyusoClientOptions? options = null) : this(ListenAddress.OfServer(host, port), options)
    {
    }

    /// <summary>Makes a client of a server; nothing is sent yet.</summary>
    /// <param name="server">
    /// Where it listens, as its option <c>--listen</c> says it: <c>127.0.0.1:60856</c>, <c>unix:/run/ryuso.sock</c>,
    /// <c>tls:shop.example:60857</c>.
    /// </param>
    /// <param name="options">How to connect; null for the defaults.</param>
    /// <exception cref="FormatException">That is no address of a server.</exception>
    public RyusoClient(string server, RyusoClientOptions? options = null) : this(ListenAddress.OfServer(server), options)
    {
    }

    private RyusoClient(ListenAddress server, RyusoClientOptions? options)
    {
        _server = server;
        _options = options ?? new RyusoClientOptions();
        _options.Check();
        _connections = new ClientConnections(server, _options);
        _caller = new CallExecutor(_connections, _options);
    }

    /// <summary>The server's address.</summary>
    public string Server => _server.Text;

    /// <summary>Runs a program and gives its outputs.</summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool; null for an empty one.</param>
    /// <param name="options">The run's id, metadata and deadline; null for a new id and none.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer. A run that has begun is not cancelled.</param>
    /// <exception cref="ProgramFailedException">The run failed and was undone, or is stuck.</exception>
    /// <exception cref="RequestRejectedException">The server turned the request away; nothing ran.</exception>
    /// <exception cref="ServerUnreachableException">No connection could be made; nothing ran.</exception>
    /// <exception cref="OutcomeUnknownException">
    /// The connection was lost after the request had been sent, and the server's journal does not help.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public Task<JsonObject> RunAsync(
        string program,
        JsonObject? dataPool = null,
        CallOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        long id = Interlocked.Increment(ref _lastId);
        string runId = options?.RunId ?? Guid.CreateVersion7(_options.TimeProvider.GetUtcNow()).ToString();
        byte[] request = RequestBytes.OfRun(id, _options.Token, program, dataPool, options, runId);
        return _caller.AskAsync(id, request, runId, cancellationToken);
    }

    /// <summary>Runs a program with typed outputs. Called by generated code.</summary>
    /// <typeparam name="TOutputs">The program's outputs record.</typeparam>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool.</param>
    /// <param name="outputs">Makes the record from the answer of a successful run.</param>
    /// <param name="options">The run's id and metadata.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <exception cref="InvalidDataException">The run succeeded, but the server's spec has other outputs.</exception>
    protected async Task<TOutputs> RunAsync<TOutputs>(
        string program,
        JsonObject dataPool,
        Func<JsonObject, TOutputs> outputs,
        CallOptions? options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        JsonObject answer = await RunAsync(program, dataPool, options, cancellationToken).ConfigureAwait(false);
        try
        {
            return outputs(answer);
        }
        catch (Exception exception) when (exception is NullReferenceException or InvalidOperationException or FormatException
            or InvalidCastException)
        {
            string given = answer.ToJsonString();
            throw new InvalidDataException(
                $"The program '{program}' succeeded, but its outputs are not those of this client's spec: {given}", exception);
        }
    }

    /// <summary>Asks whether the server is well.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestRejectedException">The server turned the request away.</exception>
    /// <exception cref="ServerUnreachableException">No connection could be made.</exception>
    public Task PingAsync(CancellationToken cancellationToken = default) => AskAsync("ping", cancellationToken);

    /// <summary>Asks what the server offers: its spec's name and version, its programs with their args and outputs.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestRejectedException">The server turned the request away.</exception>
    /// <exception cref="ServerUnreachableException">No connection could be made.</exception>
    public Task<JsonObject> DescribeAsync(CancellationToken cancellationToken = default) => AskAsync("describe", cancellationToken);

    /// <summary>
    /// Asks what is under way: the runs with what they have held for how long, the keys with the longest queues, and which stuck runs keep
    /// keys.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RequestRejectedException">The server turned the request away.</exception>
    /// <exception cref="ServerUnreachableException">No connection could be made.</exception>
    public Task<JsonObject> GetLanesAsync(CancellationToken cancellationToken = default) => AskAsync("lanes", cancellationToken);

    /// <summary>
    /// Closes the connection without waiting for what is in flight: a call whose request was sent ends in
    /// <see cref="OutcomeUnknownException"/>, any other in <see cref="ObjectDisposedException"/>. Await your calls before.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _connections.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private Task<JsonObject> AskAsync(string operation, CancellationToken cancellationToken)
    {
        long id = Interlocked.Increment(ref _lastId);
        return _caller.AskAsync(id, RequestBytes.OfOperation(id, operation, _options.Token), runId: null, cancellationToken);
    }
}
