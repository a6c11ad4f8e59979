using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Values;

namespace Ryuso.Client;

/// <summary>Takes each request to its one answer, over as many connections as that takes.</summary>
#pragma warning disable CA1001 // The places live as long as the last call, which may be longer than the client; they hold no handle.
internal sealed class CallExecutor(ClientConnections connections, RyusoClientOptions options)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _places = new(options.MaxInFlight);

    /// <param name="id">The request's <c>id</c>.</param>
    /// <param name="request">The whole request.</param>
    /// <param name="runId">The run; null where the request may be repeated as it likes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<JsonObject> AskAsync(long id, byte[] request, string? runId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var patience = new RetryBudget(options);
        var unanswered = new UnansweredCall();
        while (true)
        {
            ClientConnection connection = await ConnectAsync(patience, unanswered, runId, cancellationToken).ConfigureAwait(false);
            var exchange = new PendingCall(id, request, _places);
            JsonObject answer;
            try
            {
                answer = await SendAsync(connection, exchange, cancellationToken).ConfigureAwait(false);
            }
            catch (ConnectionLostException lost)
            {
                if (exchange.IsWritten && runId is not null)
                {
                    unanswered = new UnansweredCall(lost.InnerException, connection.Journal);
                }

                bool isHopeless = lost.IsFault || (unanswered.IsSent && unanswered.Journal is null);
                if (isHopeless || !patience.TryContinue())
                {
                    throw unanswered.IsSent ? Unknown(runId!, unanswered) : connections.Unreachable(lost.InnerException);
                }

                await WaitAsync(patience, isFirstFree: true, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (!answer.ContainsKey(ReservedNames.ProgramFail))
            {
                return answer;
            }

            if (!answer.ContainsKey(ReservedNames.ServerError))
            {
                throw new ProgramFailedException(answer);
            }

            var rejected = new RequestRejectedException(answer);
            if (rejected.Code == Rejection.ShuttingDown)
            {
                connections.Retire(connection);
            }

            if (!(options.RetryRejected && rejected.Code is Rejection.Busy or Rejection.ShuttingDown && patience.TryContinue()))
            {
                throw IsFinal(rejected.Code, unanswered) || runId is null
                    ? rejected
                    : Unknown(runId, new UnansweredCall(rejected, connection.Journal));
            }

            ClientLog.RejectedForNow(options.Log, runId ?? "", rejected.Code);
            await WaitAsync(patience, isFirstFree: false, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a rejection says that nothing has run. A server that failed may have begun; and where the request was sent before, only a
    /// rejection that comes after a look into the journal tells of that too.
    /// </summary>
    private static bool IsFinal(string code, UnansweredCall unanswered) =>
        unanswered.IsSent
            ? code is Rejection.BadRequest or Rejection.UnknownProgram or Rejection.InvalidArguments
            : code != Rejection.Internal;

    private async ValueTask<ClientConnection> ConnectAsync(
        RetryBudget patience,
        UnansweredCall unanswered,
        string? runId,
        CancellationToken cancellationToken)
    {
        ClientConnection connection;
        try
        {
            connection = await connections.GetAsync(patience, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (unanswered.IsSent && exception is ServerUnreachableException or RequestRejectedException
            or ObjectDisposedException)
        {
            throw Unknown(runId!, unanswered with { Reason = exception });
        }

        if (unanswered.IsSent)
        {
            if (connection.Journal != unanswered.Journal)
            {
                throw Unknown(runId!, unanswered with { Journal = null });
            }

            ClientLog.AskedAgain(options.Log, runId!);
        }

        return connection;
    }

    private async Task<JsonObject> SendAsync(ClientConnection connection, PendingCall exchange, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!connection.TrySend(exchange))
        {
            exchange.Leave();
            throw new ConnectionLostException(new IOException("The connection was closed."), isFault: false);
        }

        using CancellationTokenRegistration givingUp = cancellationToken.UnsafeRegister(
            static (given, token) => ((PendingCall)given!).TrySetCanceled(token), exchange);
        try
        {
            return AnswerJson.Parse(await exchange.Task.ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (exchange.IsWritten && connection.IsSilentFor(ClientTuning.MaxSilence, exchange))
        {
            // The connection may be dead without a sign of it.
            connections.Retire(connection);
            throw;
        }
        catch (InvalidDataException exception)
        {
            connection.Fail(exception);
            throw new ConnectionLostException(exception, isFault: true);
        }
    }

    /// <summary>After a connection that was lost the next attempt comes at once, the later ones after a wait.</summary>
    private async Task WaitAsync(RetryBudget patience, bool isFirstFree, CancellationToken cancellationToken)
    {
        if (isFirstFree && patience.IsFirst)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, connections.Closing);
        try
        {
            await patience.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The client is disposed of, which the next look for a connection says.
        }
    }

    private static OutcomeUnknownException Unknown(string runId, UnansweredCall unanswered)
    {
        string journal = unanswered.Journal is null
            ? "The server has no journal that could tell, and asking again could run it twice"
            : "The server's journal knows: ask again with this id";
        return new OutcomeUnknownException(
            $"It is not known whether the run {runId} took place: {unanswered.Reason?.Message} {journal}.", runId, unanswered.Reason);
    }

    /// <summary>A request that was sent and not answered: why not, and which journal has recorded its run, if any.</summary>
    private readonly record struct UnansweredCall(Exception? Reason, string? Journal)
    {
        public bool IsSent => Reason is not null;
    }
}
