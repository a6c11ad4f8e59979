using System.Runtime.CompilerServices;
using Ryuso.Protocol;

namespace Ryuso.Server.Connections;

/// <content>Waiting for the client: for its requests, and at its end.</content>
internal sealed partial class Connection
{
    private static readonly TimeSpan s_lingerTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_idleGrace = TimeSpan.FromMilliseconds(200);

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

        _deadline = Is(State.Rejecting) ? Math.Min(_graceEnd, Now + (long)s_idleGrace.TotalMilliseconds)
            : !isAsking ? long.MaxValue
            : _deadline == long.MaxValue ? Now + (long)serving.Options.ReceiveTimeout.TotalMilliseconds
            : _deadline;
        int count = await _transport.ReceiveAsync(_receiveBuffer.GetMemory(), _deadline).ConfigureAwait(false);
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
        ObjectDisposedException.ThrowIf(serving.Deadlines.IsAborting, this);
        _transport.Resume();
        if (serving.Deadlines.IsStopping && !Is(State.StopObserved))
        {
            // What came before the stop still counts: it may be the end of a request.
            _state |= State.StopObserved;
            _graceEnd = Now + (long)s_lingerTimeout.TotalMilliseconds;
            if (_transport.TryReceive(_receiveBuffer.GetMemory().Span, out int count))
            {
                OnReceived(count);
            }
        }
        else if (Now < _deadline)
        {
            // The wait before this one was meant, and that has ended by itself.
        }
        else if (!Is(State.Rejecting))
        {
            RejectAndDrain(Rejection.Timeout, $"The request was not complete within {serving.Options.ReceiveTimeout.TotalSeconds} seconds.");
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

    /// <summary>Turns away a request whose end is not known, so that none can follow it.</summary>
    private void RejectAndDrain(string code, string message)
    {
        _state |= State.Ending | State.MustDrainInput;
        _sendBuffer.Begin(RequestEnvelope.Read(_receiveBuffer.Pending, _receiveBuffer.Offsets).Id);
        Reject(code, message);
        _sendBuffer.End();
    }

    /// <summary>Sends what is left and the end. True where the socket has been left to the farewells.</summary>
    private async ValueTask<bool> EndAsync()
    {
        await SendAsync(isLast: true).ConfigureAwait(false);
        if (Is(State.PeerClosed))
        {
            return false;
        }

        await _transport.ShutdownSendAsync(s_lingerTimeout).ConfigureAwait(false);
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

        long end = Now + (long)s_lingerTimeout.TotalMilliseconds;
        long most = 2L * serving.Options.MaxRequestBytes;
        while (most > 0 && Now < end)
        {
            _receiveBuffer.Clear();
            int count = await _transport.ReceiveAsync(_receiveBuffer.GetMemory(), end).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            most -= Math.Max(count, 0);
            _transport.Resume();
        }
    }
}
