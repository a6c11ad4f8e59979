using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>One client: its request read, answered and closed. Whatever it does costs only itself.</summary>
internal sealed class Connection(RyusoServer server, Socket socket, RyusoServerOptions options, ILogger logger)
{
    private const int FirstBuffer = 4096;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private readonly ArrayBufferWriter<byte> _answer = new();

    /// <summary>Never throws.</summary>
    public async Task ServeAsync(bool turnAway)
    {
        try
        {
            socket.NoDelay = true;
            if (turnAway)
            {
                Reject(Rejection.Busy, $"The server has its {options.MaxConnections} connections; try again later.");
            }
            else
            {
                await AnswerAsync().ConfigureAwait(false);
            }

            if (_answer.WrittenCount > 0)
            {
                await SendAsync().ConfigureAwait(false);
                await DrainAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            ServerLog.ClientLost(logger, exception);
        }
#pragma warning disable CA1031 // No request, however malformed, ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.RequestFailed(logger, exception);
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async ValueTask AnswerAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstBuffer, options.MaxRequestBytes));
        try
        {
            var scanner = new RequestScanner();
            int count = 0;
            using var limit = new CancellationTokenSource(options.ReceiveTimeout, options.TimeProvider);
            using var given = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, server.Stopping, server.Aborting);
            while (true)
            {
                if (count == buffer.Length)
                {
                    buffer = Grow(buffer);
                }

                int room = Math.Min(buffer.Length, options.MaxRequestBytes) - count;
                int read = await ReceiveAsync(buffer.AsMemory(count, room), given.Token).ConfigureAwait(false);
                if (read < 0)
                {
                    RejectLate();
                    return;
                }

                count += read;
                ScanResult result = read == 0 ? ScanResult.NeedMore : scanner.Scan(buffer.AsSpan(0, count));
                if (result == ScanResult.Complete)
                {
                    await RunAsync(buffer.AsMemory(0, scanner.Length)).ConfigureAwait(false);
                    return;
                }

                if (Verdict(result, read, count) is { } verdict)
                {
                    if (verdict.Code.Length > 0)
                    {
                        Reject(verdict.Code, verdict.Message);
                    }

                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Why nothing more is read; an empty code where there is nobody to answer.</summary>
    private (string Code, string Message)? Verdict(ScanResult result, int read, int count) => result switch
    {
        ScanResult.NotAnObject => (Rejection.BadRequest, "The request must be one JSON object."),
        ScanResult.TooDeep => (Rejection.BadRequest, $"The request is nested deeper than {RequestScanner.MaxDepth}."),
        _ when read == 0 && count == 0 => ("", ""),
        _ when read == 0 => (Rejection.BadRequest, "The request ended before its JSON object did."),
        _ when count == options.MaxRequestBytes => (Rejection.TooLarge, $"The request is longer than {options.MaxRequestBytes} bytes."),
        _ => null,
    };

    /// <summary>How many bytes came; 0 at the client's end of stream, -1 when time is up or the server stops.</summary>
    private async ValueTask<int> ReceiveAsync(Memory<byte> room, CancellationToken given)
    {
        try
        {
            return await socket.ReceiveAsync(room, given).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!server.Aborting.IsCancellationRequested)
        {
            // What came before the stop still counts: it may be the end of a request. A slow client gets no such grace.
            return server.Stopping.IsCancellationRequested && socket.Available > 0
                ? await socket.ReceiveAsync(room, CancellationToken.None).ConfigureAwait(false)
                : -1;
        }
    }

    private void RejectLate()
    {
        if (server.Stopping.IsCancellationRequested)
        {
            Reject(Rejection.ShuttingDown, "The server is shutting down.");
        }
        else
        {
            Reject(Rejection.Timeout, $"The request was not complete within {options.ReceiveTimeout.TotalSeconds} seconds.");
        }
    }

    private async ValueTask RunAsync(ReadOnlyMemory<byte> request)
    {
        if (!server.TryQueue())
        {
            Reject(Rejection.Busy, $"{options.QueueLength} requests are waiting already; try again later.");
            return;
        }

        try
        {
            await server.Orchestrator.RunRequestAsync(request, _answer, server.Aborting).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception) when (exception is not OperationCanceledException || !server.Aborting.IsCancellationRequested)
#pragma warning restore CA1031
        {
            ServerLog.RequestFailed(logger, exception);
            Reject(Rejection.Internal, "The server failed; its log says why.");
        }
        finally
        {
            server.Unqueue();
        }
    }

    private void Reject(string code, string message)
    {
        ServerLog.Rejected(logger, code);
        _answer.Clear();
        Rejection.Write(_answer, code, message);
    }

    private byte[] Grow(byte[] buffer)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, options.MaxRequestBytes));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private async ValueTask SendAsync()
    {
        using var limit = new CancellationTokenSource(options.SendTimeout, options.TimeProvider);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, server.Aborting);
        ReadOnlyMemory<byte> rest = _answer.WrittenMemory;
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, given.Token).ConfigureAwait(false)..];
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Reads what the client still sends: bytes left unread would become a reset that destroys the answer.</summary>
    private async ValueTask DrainAsync()
    {
        using var limit = new CancellationTokenSource(DrainTime, options.TimeProvider);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, server.Aborting);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer * 4);
        try
        {
            long left = options.MaxRequestBytes;
            int read;
            do
            {
                read = await socket.ReceiveAsync(buffer, given.Token).ConfigureAwait(false);
                left -= read;
            }
            while (read > 0 && left > 0);
        }
        catch (OperationCanceledException)
        {
            // The client keeps its side open; it has its answer.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
