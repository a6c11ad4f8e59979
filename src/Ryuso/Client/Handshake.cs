using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso.Client;

/// <summary>
/// What is asked on a new connection before anything else: whether the server lets this client in, and which journal it has.
/// </summary>
internal static class Handshake
{
    /// <summary>The id of the journal in which the server records runs; null where it has none.</summary>
    /// <exception cref="RequestRejectedException">It does not let this client in.</exception>
    /// <exception cref="InvalidDataException">It is no Ryuso server.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public static async Task<string?> AskAsync(ClientConnection connection, string? token, CancellationToken cancellationToken)
    {
        var exchange = new PendingCall(0, RequestBytes.OfOperation(0, "describe", token));
        JsonObject answer;
        try
        {
            answer = AnswerJson.Parse(
                connection.TrySend(exchange) ? await exchange.Task.WaitAsync(cancellationToken).ConfigureAwait(false)
                : connection.FinalAnswer ?? throw new IOException("The connection ended before it was used."));
        }
        catch (ConnectionLostException) when (connection.FinalAnswer is not null)
        {
            answer = AnswerJson.Parse(connection.FinalAnswer);
        }
        catch (ConnectionLostException lost)
        {
            throw lost.IsFault
                ? new InvalidDataException(lost.Message, lost.InnerException)
                : new IOException(lost.Message, lost.InnerException);
        }

        if (answer.ContainsKey(ReservedNames.ErrorCode))
        {
            throw new RequestRejectedException(answer);
        }

        return answer["programs"] is JsonObject
            ? AnswerJson.Text(answer, "journal")
            : throw new InvalidDataException("The peer is not a Ryuso server (unexpected 'describe' response).");
    }
}
