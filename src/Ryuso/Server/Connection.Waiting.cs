using System.Runtime.CompilerServices;

namespace Ryuso;

/// <content>Waiting for the client: for its requests, and at its end.</content>
internal sealed partial class Connection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAsync()
    {
        bool isAsking = _inbox.HasPart || !Is(State.Kept);
        _state |= Is(State.LastCall) ? State.Refusing : State.None;
        if (Is(State.Refusing) && (!Is(State.Kept) || (_inbox.HasPart && Now >= _graceEnd)))
        {
            RejectUnread(Rejection.ShuttingDown, "The server is shutting down.");
            return;
        }

        if (Is(State.Refusing) && Now >= _graceEnd)
        {
            _state |= State.Ending;
            return;
        }

        _deadline = Is(State.Refusing) ? Math.Min(_graceEnd, Now + (long)Quiet.TotalMilliseconds)
            : !isAsking ? long.MaxValue
            : _deadline == long.MaxValue ? Now + (long)serving.Options.ReceiveTimeout.TotalMilliseconds
            : _deadline;
        int count = await _link.ReceiveAsync(_inbox.Room(), _deadline).ConfigureAwait(false);
        if (count < 0)
        {
            Interrupted();
            return;
        }

        Take(count);
    }

    private void Take(int count)
    {
        _inbox.Received(count);
        if (count > 0)
        {
            return;
        }

        _state |= State.Ending | State.HeardEnd;
        if (_inbox.HasPart)
        {
            RejectUnread(Rejection.BadRequest, "The request ended before its JSON object did.");
        }
    }

    /// <summary>The wait for the client's bytes was cut short: time is up, or the server stops.</summary>
    private void Interrupted()
    {
        ObjectDisposedException.ThrowIf(serving.Links.IsAborting, this);
        _link.Resume();
        if (serving.Links.IsStopping && !Is(State.LastCall))
        {
            // What came before the stop still counts: it may be the end of a request.
            _state |= State.LastCall;
            _graceEnd = Now + (long)Patience.TotalMilliseconds;
            if (_link.TryReceive(_inbox.Room().Span, out int count))
            {
                Take(count);
            }
        }
        else if (Now < _deadline)
        {
            // The wait before this one was meant, and that has ended by itself.
        }
        else if (!Is(State.Refusing))
        {
            RejectUnread(Rejection.Timeout, $"The request was not complete within {serving.Options.ReceiveTimeout.TotalSeconds} seconds.");
        }
        else if (_inbox.HasPart)
        {
            RejectUnread(Rejection.ShuttingDown, "The server is shutting down.");
        }
        else
        {
            _state |= State.Ending;
        }
    }

    /// <summary>Turns away a request whose end is not known, so that none can follow it.</summary>
    private void RejectUnread(string code, string message)
    {
        _state |= State.Ending | State.Unread;
        _reply.Begin(RequestHead.Read(_inbox.Part, _inbox.Marks).Id);
        Reject(code, message);
        _reply.End();
    }

    /// <summary>Sends what is left and the end. True where the socket has been left to the farewells.</summary>
    private async ValueTask<bool> EndAsync()
    {
        await SendAsync(isLast: true).ConfigureAwait(false);
        if (Is(State.HeardEnd))
        {
            return false;
        }

        await _link.FinishAsync(Patience).ConfigureAwait(false);
        if (Is(State.Unread))
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

        long end = Now + (long)Patience.TotalMilliseconds;
        long most = 2L * serving.Options.MaxRequestBytes;
        while (most > 0 && Now < end)
        {
            _inbox.Clear();
            int count = await _link.ReceiveAsync(_inbox.Room(), end).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            most -= Math.Max(count, 0);
            _link.Resume();
        }
    }
}
