using System.Runtime.CompilerServices;
using Ryuso.Protocol;

namespace Ryuso.Server.Connections;

/// <content>Waits for the client: for its requests, and at the end.</content>
internal sealed partial class Connection
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAsync()
    {
        bool isAsking = _receiveBuffer.HasPending || !Is(State.KeepAlive);
        _state |= Is(State.StopObserved) ? State.Rejecting : State.None;
        if (Is(State.Rejecting) && (!Is(State.KeepAlive) || (_receiveBuffer.HasPending && Now >= _graceEnd)))
        {
            RejectAndDrain(Rejection.ShuttingDown, "The server is shutting down.");
            return;
        }

        if (Is(State.Rejecting) && Now >= _graceEnd)
        {
            _state |= State.Ending;
            return;
        }

        _deadline = Is(State.Rejecting) ? Math.Min(_graceEnd, Now + (long)ServerTuning.IdleGrace.TotalMilliseconds)
            : !isAsking ? long.MaxValue
            : _deadline == long.MaxValue ? Now + (long)context.Options.ReceiveTimeout.TotalMilliseconds
            : _deadline;
        if (!_receiveBuffer.TryGetMemory(out Memory<byte> room))
        {
            RejectAndDrain(Rejection.Busy, "The server holds as many bytes of incomplete requests as it may; retry later.");
            return;
        }

        int count = await _transport.ReceiveAsync(room, _deadline).ConfigureAwait(false);
        if (count < 0)
        {
            OnReceiveInterrupted();
            return;
        }

        OnReceived(count);
    }

    private void OnReceived(int count)
    {
        _receiveBuffer.Advance(count);
        if (count > 0)
        {
            return;
        }

        _state |= State.Ending | State.PeerClosed;
        if (_receiveBuffer.HasPending)
        {
            RejectAndDrain(Rejection.BadRequest, "The request ended before its JSON object did.");
        }
    }

    /// <summary>The wait for the client's bytes was cut short: time is up, or the server stops.</summary>
    private void OnReceiveInterrupted()
    {
        ObjectDisposedException.ThrowIf(context.Deadlines.IsAborting, this);
        _transport.Resume();
        if (context.Deadlines.IsStopping && !Is(State.StopObserved))
        {
            // What came before the stop still counts: it may be the end of a request.
            _state |= State.StopObserved;
            _graceEnd = Now + (long)ServerTuning.LingerTimeout.TotalMilliseconds;
            if (_receiveBuffer.TryGetMemory(out Memory<byte> room) && _transport.TryReceive(room.Span, out int count))
            {
                OnReceived(count);
            }
        }
        else if (Now < _deadline)
        {
            // The interruption was for the wait before this one, which had ended by itself.
        }
        else if (!Is(State.Rejecting))
        {
            RejectAndDrain(
                Rejection.Timeout, $"The request was not complete within {context.Options.ReceiveTimeout.TotalSeconds} seconds.");
        }
        else if (_receiveBuffer.HasPending)
        {
            RejectAndDrain(Rejection.ShuttingDown, "The server is shutting down.");
        }
        else
        {
            _state |= State.Ending;
        }
    }

    /// <summary>Rejects a request whose end is not known, so that none can follow it.</summary>
    private void RejectAndDrain(string code, string message)
    {
        _state |= State.Ending | State.MustDrainInput;
        ChooseAnswerBuffer();
        _answer.Begin(RequestEnvelope.Read(_receiveBuffer.Pending, _receiveBuffer.Offsets).Id);
        Reject(code, message);
        CompleteAnswer();
    }

    /// <summary>Sends what is left and the end. True where the socket is left to the lingering closer.</summary>
    private async ValueTask<bool> EndAsync()
    {
        await SendAsync(isLast: true).ConfigureAwait(false);
        if (Is(State.PeerClosed))
        {
            return false;
        }

        await _transport.ShutdownSendAsync(ServerTuning.LingerTimeout).ConfigureAwait(false);
        if (Is(State.MustDrainInput))
        {
            await DrainAsync().ConfigureAwait(false);
            return false;
        }

        return true;
    }

    /// <summary>Reads what the client still sends: bytes left unread would become a reset that destroys the answer.</summary>
    private async ValueTask DrainAsync()
    {
        if (IsOnEventLoop)
        {
            await Task.Yield();
        }

        long end = Now + (long)ServerTuning.LingerTimeout.TotalMilliseconds;
        long most = 2L * context.Options.MaxRequestBytes;
        while (most > 0 && Now < end)
        {
            _receiveBuffer.Clear();
            _receiveBuffer.TryGetMemory(out Memory<byte> room);
            int count = await _transport.ReceiveAsync(room, end).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            most -= Math.Max(count, 0);
            _transport.Resume();
        }
    }
}
