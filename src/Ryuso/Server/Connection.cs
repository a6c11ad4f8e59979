using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>One client: its requests read, answered in order, and the end. Whatever it does costs only itself. Reused from client to client.</summary>
internal sealed partial class Connection(Serving serving) : Turn
{
    private const int MostRounds = 4;
    private const int LargePart = 64 * 1024;

    private readonly Inbox _inbox = new(serving.Options.MaxRequestBytes, serving.Options.MaxDepth);
    private readonly Reply _reply = new();
    private readonly HeldAnswers _held = new();
    private Link _link = null!;
    private long _deadline;
    private long _graceEnd;
    private int _program;
    private State _state;

    [Flags]
    private enum State
    {
        None = 0,

        /// <summary>A request had an id, so more may follow.</summary>
        Kept = 1,

        /// <summary>Nothing more is read.</summary>
        Ending = 2,

        /// <summary>The client may still be sending.</summary>
        Unread = 4,

        /// <summary>The client has sent its end.</summary>
        HeardEnd = 8,

        /// <summary>The server's stop has been noticed; what came before it is still answered.</summary>
        LastCall = 16,

        /// <summary>The server stops: what becomes complete now is turned away.</summary>
        Refusing = 32,
    }

    private enum Asked
    {
        /// <summary>It has been answered.</summary>
        Nothing,

        /// <summary>It is a run.</summary>
        Run,

        /// <summary>The answers so far are to be sent first.</summary>
        Later,
    }

    /// <summary>Takes a client.</summary>
    public void Open(Socket socket)
    {
        _link = new Link(serving.Links, socket, serving.Loops);
        _deadline = Now + (long)serving.Options.ReceiveTimeout.TotalMilliseconds;
    }

    /// <summary>Never throws. Returns at the first wait, with the client's bytes or the lane to be waited for elsewhere.</summary>
    /// <param name="tls">What TLS needs; null for none.</param>
    /// <param name="isCrowded">Whether there is no room for it, which it is told.</param>
    public async Task ServeAsync(SslServerAuthenticationOptions? tls, bool isCrowded)
    {
        bool isLeft = false;
        try
        {
            if (isCrowded)
            {
                RejectUnread(Rejection.Busy, "The server has as many connections as it may; try again later.");
            }
            else if (tls is not null)
            {
                await Task.Yield();
                await _link.SecureAsync(tls, _deadline).ConfigureAwait(false);
            }

            await AnswerAllAsync().ConfigureAwait(false);
            isLeft = await EndAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException or TimeoutException
            or System.Security.Authentication.AuthenticationException)
        {
            ServerLog.ClientLost(serving.Logger, exception);
        }
#pragma warning disable CA1031 // No request, however malformed, ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.RequestFailed(serving.Logger, exception);
        }
        finally
        {
            Leave(isLeft);
        }
    }

    private long Now => serving.Links.Now;

    private bool Is(State state) => (_state & state) != 0;

    private async ValueTask AnswerAllAsync()
    {
        int rounds = 0;
        while (!Is(State.Ending))
        {
            if (IsOnEventLoop && _inbox.Part.Length > LargePart)
            {
                await Task.Yield();
            }
            else if (rounds == MostRounds)
            {
                await StepBackAsync().ConfigureAwait(false);
                rounds = 0;
            }

            rounds++;
            bool isRead = TryBegin();
            ScanResult found = isRead ? ScanResult.Complete : _inbox.Scan();
            if (found is ScanResult.Complete or ScanResult.Broken)
            {
                if (!isRead && IsOnEventLoop && !IsQuick())
                {
                    await Task.Yield();
                }

                await AnswerBatchAsync(isRead).ConfigureAwait(false);
                _deadline = long.MaxValue;
            }
            else if (found == ScanResult.NotAnObject)
            {
                RejectUnread(Rejection.BadRequest, "The request must be one JSON object.");
            }
            else if (found == ScanResult.TooDeep)
            {
                RejectUnread(Rejection.BadRequest, $"The request is nested deeper than {serving.Options.MaxDepth}.");
            }
            else if (_inbox.IsFull)
            {
                RejectUnread(Rejection.TooLarge, $"The request is longer than {serving.Options.MaxRequestBytes} bytes.");
            }
            else
            {
                ValueTask receiving = ReceiveAsync();
                bool hasWaited = !receiving.IsCompleted;
                await receiving.ConfigureAwait(false);
                rounds = hasWaited ? 0 : rounds;
            }
        }
    }

    /// <summary>Whether the next request will in all likelihood be answered in no time.</summary>
    private bool IsQuick()
    {
        ReadOnlySpan<byte> request = _inbox.RequestSpan;
        return RequestHead.Read(request, _inbox.Marks).Operation != Operation.Run
            || (!serving.Orchestrator.IsRecorded && serving.IsSwift(serving.FindProgram(request, _inbox.Marks.Program)));
    }

    /// <summary>Reads the next request, where it is a plain one and the lane is free, which is then held.</summary>
    private bool TryBegin()
    {
        if (!serving.TakesPlain || _inbox.Fresh.IsEmpty || !serving.Orchestrator.Lane.TryEnter())
        {
            return false;
        }

        bool isRead = false;
        try
        {
            return isRead = TryRead();
        }
        finally
        {
            if (!isRead)
            {
                serving.Orchestrator.Lane.Leave();
            }
        }
    }

    /// <summary>Reads the next request, where it is a plain one, by whoever holds the lane.</summary>
    private bool TryRead()
    {
        if (!serving.TakesPlain || Is(State.Refusing) || !serving.Orchestrator.TryRead(_inbox.Fresh, out PlainHead head)
            || (!serving.IsSwift(head.Program) && (_reply.Length > 0 || IsOnEventLoop)))
        {
            return false;
        }

        _program = head.Program;
        _state |= head.Id.IsEmpty ? State.Ending : State.Kept;
        _reply.Begin(head.Id);
        _inbox.Skip(head.Length);
        return true;
    }

    /// <summary>Reads the envelope of the request that was found and answers what needs no run.</summary>
    private Asked Ask(bool isHolding)
    {
        ReadOnlySpan<byte> request = _inbox.RequestSpan;
        RequestHead head = RequestHead.Read(request, _inbox.Marks);
        bool isBroken = _inbox.Scan() == ScanResult.Broken;
        bool isRun = isBroken || head is { Problem: null, Operation: Operation.Run };
        _program = isRun ? serving.FindProgram(request, _inbox.Marks.Program) : -1;
        bool hasAnswer = _reply.Length > 0 || _held.Any;
        if (isRun ? hasAnswer && !(isHolding && serving.IsSwift(_program)) : _held.Any)
        {
            // Who has an answer already does not wait for the lane, or for a run that may last; and nothing overtakes an answer.
            return Asked.Later;
        }

        _state |= head.Id.IsEmpty ? State.Ending : State.Kept;
        _state |= isBroken ? State.Ending | State.Unread : State.None;
        _reply.Begin(head.Id);
        if (Is(State.Refusing))
        {
            Reject(Rejection.ShuttingDown, "The server is shutting down.");
        }
        else if (!serving.Admits(head.Auth))
        {
            Reject(Rejection.Unauthorized, "The request does not carry the server's token: add \"auth\": \"TOKEN\".");
        }
        else if (head.Problem is not null)
        {
            Reject(Rejection.BadRequest, head.Problem);
        }
        else if (isRun)
        {
            return Asked.Run;
        }
        else
        {
            Write(head.Operation == Operation.Ping ? "{\"_pong\":true}"u8 : serving.Description);
        }

        return Asked.Nothing;
    }

    private void Reject(string code, string message)
    {
        ServerLog.Rejected(serving.Logger, code);
        Rejection.Write(_reply, code, message);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_reply.GetSpan(bytes.Length));
        _reply.Advance(bytes.Length);
    }

    private async ValueTask SendAsync(bool isLast)
    {
        if (_reply.Length > 0)
        {
            await _link.SendAsync(_reply.Written, isLast, serving.Options.SendTimeout).ConfigureAwait(false);
            _reply.Clear();
        }
    }

    private void Leave(bool isLeft)
    {
        Link link = _link;
        _inbox.Clear();
        _reply.Clear();
        _held.Clear();
        _state = State.None;
        _link = null!;
        serving.Return(this);
        if (isLeft)
        {
            link.Detach();
            serving.Farewells.Add(link.Socket);
        }
        else
        {
            link.Dispose();
            serving.Close(1);
        }
    }
}
