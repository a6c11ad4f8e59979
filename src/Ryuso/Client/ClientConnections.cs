using System.Net.Sockets;
using Ryuso.Protocol;

namespace Ryuso.Client;

/// <summary>
/// Keeps a client connected: one connection, made when it is needed and again when it is lost. All calls that wait share an attempt.
/// </summary>
internal sealed class ClientConnections(ListenAddress address, RyusoClientOptions options) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<ClientConnection> _open = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Backoff _backoff = new(options);
    private ClientConnection? _current;
    private Task<Attempt>? _attempt;
    private long _connectedAt;
    private long _failedAt;
    private TimeSpan _delay;

    /// <summary>Fires when the client is disposed of.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>The connection, once there is one.</summary>
    /// <exception cref="ServerUnreachableException">There is none in the time that the call has.</exception>
    /// <exception cref="RequestRejectedException">The server does not let this client in.</exception>
    /// <exception cref="ObjectDisposedException">The client has been disposed of.</exception>
    public async ValueTask<ClientConnection> GetAsync(RetryBudget patience, CancellationToken cancellationToken)
    {
        Exception? last = null;
        while (true)
        {
            Task<Attempt> attempt;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(RyusoClient));
                if (_current is { IsOpen: true })
                {
                    return _current;
                }

                attempt = _attempt ??= BeginAttempt();
            }

            Attempt made;
            try
            {
                made = await attempt.WaitAsync(patience.Left, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (patience.Left > TimeSpan.Zero)
            {
                // Timers count whole milliseconds of a clock of their own, so this one came a moment early.
                continue;
            }
            catch (TimeoutException)
            {
                throw Unreachable(last);
            }

            if (made.Connection is { IsOpen: true } connection)
            {
                return connection;
            }

            last = made.Failure ?? last;
            if (made.Failure is RequestRejectedException { Code: not (Rejection.Busy or Rejection.ShuttingDown) } rejected)
            {
                throw new RequestRejectedException(rejected.Answer);
            }

            // A certificate that is not trusted, or a server of another kind, will be the same next time.
            bool mayPass = made.Failure is null or SocketException or IOException or TimeoutException or OperationCanceledException
                or RequestRejectedException;
            if (!mayPass || !patience.TryContinue())
            {
                throw Unreachable(last);
            }
        }
    }

    /// <summary>Leaves a connection to the calls that wait on it; the next call makes another.</summary>
    public void Retire(ClientConnection connection)
    {
        lock (_gate)
        {
            _current = _current == connection ? null : _current;
        }

        connection.Retire();
    }

    public async ValueTask DisposeAsync()
    {
        ClientConnection[] open;
        Task<Attempt>? attempt;
        lock (_gate)
        {
            _closing.Cancel();
            open = [.. _open];
            attempt = _attempt;
        }

        foreach (ClientConnection connection in open)
        {
            connection.Fail(new ObjectDisposedException(nameof(RyusoClient), "The client was disposed of before the answer came."));
            await connection.Ended.ConfigureAwait(false);
        }

        if (attempt is not null)
        {
            await attempt.ConfigureAwait(false);
        }
    }

    public ServerUnreachableException Unreachable(Exception? reason) =>
        new($"There is no connection to {address.Text}: {reason?.Message ?? "the server did not answer in time."}", reason);

    /// <summary>The connection outlives the call that asks for it first, and must not go on in that call's context.</summary>
    private Task<Attempt> BeginAttempt()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return AttemptAsync();
        }

        using (ExecutionContext.SuppressFlow())
        {
            return AttemptAsync();
        }
    }

    private async Task<Attempt> AttemptAsync()
    {
        // Not under the lock of whoever asks.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        ClientConnection? connection = null;
        Exception? failure = null;
        try
        {
            if (_delay - options.TimeProvider.GetElapsedTime(_failedAt) is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, options.TimeProvider, Closing).ConfigureAwait(false);
            }

            connection = await ConnectAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Those who wait for the attempt are told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        lock (_gate)
        {
            _attempt = null;
            _current = connection is { IsOpen: true } ? connection : null;
            if (_current is not null)
            {
                _connectedAt = options.TimeProvider.GetTimestamp();
                _delay = TimeSpan.Zero;
            }
            else
            {
                BackOff();
            }
        }

        if (failure is not null && !Closing.IsCancellationRequested)
        {
            ClientLog.ConnectFailed(options.Log, address.Text, (long)_delay.TotalMilliseconds, failure);
        }

        return new Attempt(connection, failure);
    }

    private async Task<ClientConnection> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, Closing);
        ClientConnection? connection = null;
        try
        {
            connection = Open(await ServerStream.OpenAsync(address, options.Tls, either.Token).ConfigureAwait(false));
            connection.Journal = await Handshake.AskAsync(connection, options.Token, either.Token).ConfigureAwait(false);
            ClientLog.Connected(options.Log, address.Text, connection.Journal ?? "none");
            return connection;
        }
        catch (Exception exception)
        {
            connection?.Fail(exception);
            throw exception is OperationCanceledException && !Closing.IsCancellationRequested
                ? new TimeoutException($"The server did not answer within {options.ConnectTimeout.TotalSeconds} seconds.")
                : exception;
        }
    }

    /// <summary>Lets the next attempt wait. Under the gate.</summary>
    private void BackOff()
    {
        _failedAt = options.TimeProvider.GetTimestamp();
        _delay = _backoff.Next();
    }

    private ClientConnection Open(Stream stream)
    {
        var connection = new ClientConnection(stream, options, OnEnded);
        lock (_gate)
        {
            if (connection.IsOpen)
            {
                _open.Add(connection);
            }
        }

        return connection;
    }

    private void OnEnded(ClientConnection connection, Exception? reason)
    {
        bool wasCurrent;
        lock (_gate)
        {
            _open.Remove(connection);
            wasCurrent = _current == connection;
            _current = wasCurrent ? null : _current;

            // A handshake alone is no success: where connections die right after it, the next ones come as slowly as after failed attempts.
            if (wasCurrent && (connection.HasAnsweredCalls || options.TimeProvider.GetElapsedTime(_connectedAt) > options.MaxRetryDelay))
            {
                _backoff.Reset();
            }
            else if (wasCurrent)
            {
                BackOff();
            }
        }

        if (reason is not null && wasCurrent && !Closing.IsCancellationRequested)
        {
            ClientLog.ConnectionLost(options.Log, address.Text, reason.Message);
        }
    }

    private readonly record struct Attempt(ClientConnection? Connection, Exception? Failure);
}
