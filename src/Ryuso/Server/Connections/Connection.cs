using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Server.Transport;

namespace Ryuso.Server.Connections;

/// <summary>
/// One client's connection: reads requests, answers them in order, and closes. Whatever the client does costs only itself. Connection
/// objects are reused from client to client.
/// </summary>
/// <remarks>
/// <para>
/// Everything here is one flow of control, which moves between threads only at an await; nothing else touches the fields. It waits for one
/// thing at a time: the client's bytes (the transport ends that wait, at a deadline or a stop too), the lane (<see cref="OnEntered"/>),
/// the loop's other work, or a run. <see cref="Open"/> and <see cref="Release"/> enclose it; no wait is pending at either.
/// </para>
/// <para>
/// Where the spec has keys, requests that are not answered at once become runs of <see cref="OrderedRuns"/>, which go on by themselves and
/// have their answers sent in order. While there are any, the send buffer is theirs and this flow does not touch it.
/// </para>
/// <list type="table">
/// <listheader><term>State</term><description>set when; then</description></listheader>
/// <item><term>KeepAlive</term><description>a request had an id; stays</description></item>
/// <item><term>StopObserved</term><description>the server's stop ended a wait; what has come is still answered</description></item>
/// <item><term>Rejecting</term><description>the next wait after that; requests get <c>shutting_down</c></description></item>
/// <item><term>Throttled</term><description>a wrong token among too many; until the next send</description></item>
/// <item><term>PeerClosed</term><description>the client sent FIN; with Ending</description></item>
/// <item><term>MustDrainInput</term><description>the rest of the input has no known frame; with Ending</description></item>
/// <item><term>Ending</term><description>nothing more is read; the send buffer is sent, then the connection closes</description></item>
/// </list>
/// </remarks>
[DebuggerDisplay("{_state}, {_receiveBuffer}, {_sendBuffer.Length} bytes to send")]
internal sealed partial class Connection(ServerContext context) : LaneWaiter
{
    private readonly ReceiveBuffer _receiveBuffer = new(context.Options.MaxRequestBytes, context.Options.MaxDepth, context.Memory);
    private readonly SendBuffer _sendBuffer = new();
    private readonly UncommittedAnswers _uncommitted = new();
    private RunExecutor? _executor;

    // Where the next answer is written: the send buffer, or that of a run whose answer comes after others.
    private SendBuffer _answer = null!;
    private OrderedRuns? _runs;
    private OrderedRun? _nextRun;
    private SocketTransport _transport = null!;
    private long _deadline;
    private long _graceEnd;
    private int _program;
    private int _unauthorized;
    private State _state;

    [Flags]
    private enum State
    {
        None = 0,

        /// <summary>A request had an id, so more may follow.</summary>
        KeepAlive = 1,

        /// <summary>Nothing more is read.</summary>
        Ending = 2,

        /// <summary>The client may still be sending.</summary>
        MustDrainInput = 4,

        /// <summary>The client has sent its end.</summary>
        PeerClosed = 8,

        /// <summary>The server's stop has been noticed; what came before it is still answered.</summary>
        StopObserved = 16,

        /// <summary>The server stops: what becomes complete now is rejected.</summary>
        Rejecting = 32,

        /// <summary>The answers are held back for a while: one of them rejects a wrong token, and there have been many.</summary>
        Throttled = 64,
    }

    private enum DispatchResult
    {
        /// <summary>It has been answered.</summary>
        Answered,

        /// <summary>It is a run.</summary>
        Run,

        /// <summary>The answers so far are sent first.</summary>
        Defer,
    }

    /// <summary>Begins with a client.</summary>
    public void Open(Socket socket)
    {
        Debug.Assert(_transport is null && _state == State.None, "The last client has not left.");
        Debug.Assert(!_receiveBuffer.HasPending && _sendBuffer.Length == 0, "Something of the last client is left.");
        _transport = new SocketTransport(context.Deadlines, socket, context.Loops);
        _receiveBuffer.IsAuthorized = !context.Token.IsRequired;
        _answer = _sendBuffer;
        _runs?.Open();
        _deadline = Now + (long)context.Options.ReceiveTimeout.TotalMilliseconds;
    }

    /// <summary>Serves the client to the end. Never throws; returns to the caller at the first wait.</summary>
    /// <param name="tls">What TLS needs; null for none.</param>
    /// <param name="isCrowded">Whether the connection is one too many, so that it is rejected.</param>
    public async Task ServeAsync(SslServerAuthenticationOptions? tls, bool isCrowded)
    {
        bool isLeft = false;
        try
        {
            if (tls is not null)
            {
                await Task.Yield();
                await _transport.SecureAsync(tls, _deadline).ConfigureAwait(false);
            }

            if (isCrowded)
            {
                RejectAndDrain(Rejection.Busy, "Connection limit reached; retry later.");
            }

            await AnswerAllAsync().ConfigureAwait(false);
            if (_runs is not null)
            {
                await _runs.WaitForAllAsync().ConfigureAwait(false);
            }

            isLeft = await EndAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException
            or ObjectDisposedException or TimeoutException
            or System.Security.Authentication.AuthenticationException)
        {
            ServerLog.ClientLost(context.Logger, exception);
        }
#pragma warning disable CA1031 // No request, however malformed, ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.RequestFailed(context.Logger, exception);
        }
        finally
        {
            if (_runs is not null)
            {
                await _runs.AbandonAsync().ConfigureAwait(false);
            }

            Release(isLeft);
        }
    }

    private long Now => context.Deadlines.Now;

    private bool Is(State state) => (_state & state) != 0;

    private async ValueTask AnswerAllAsync()
    {
        int rounds = 0;
        while (!Is(State.Ending))
        {
            if (IsOnEventLoop && _receiveBuffer.Pending.Length > ServerTuning.LargeRequestBytes)
            {
                await Task.Yield();
            }
            else if (rounds == ServerTuning.MaxRoundsBeforeYield)
            {
                await YieldToOthersAsync().ConfigureAwait(false);
                rounds = 0;
            }

            rounds++;
            ChooseAnswerBuffer();
            bool isRead = TryReadRun();
            FramingResult found = isRead ? FramingResult.Complete : _receiveBuffer.Scan();
            if (!isRead)
            {
                ReturnExecutor();
            }

            if (found is FramingResult.Complete or FramingResult.Broken)
            {
                if (context.Orchestrator.IsKeyed)
                {
                    await BeginRunsAsync(isRead).ConfigureAwait(false);
                }
                else
                {
                    if (!isRead && IsOnEventLoop && !WillFinishInline())
                    {
                        await Task.Yield();
                    }

                    await AnswerBatchAsync(isRead).ConfigureAwait(false);
                }

                _deadline = long.MaxValue;
            }
            else if (found == FramingResult.NotAnObject)
            {
                RejectAndDrain(Rejection.BadRequest, "The request must be one JSON object.");
            }
            else if (found == FramingResult.TooDeep)
            {
                RejectAndDrain(Rejection.BadRequest, $"The request is nested deeper than {context.Options.MaxDepth}.");
            }
            else if (_receiveBuffer.IsFull)
            {
                RejectAndDrain(Rejection.TooLarge, $"The request is longer than {context.Options.MaxRequestBytes} bytes.");
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

    /// <summary>Whether the next request will probably be answered at once.</summary>
    private bool WillFinishInline()
    {
        ReadOnlySpan<byte> request = _receiveBuffer.RequestSpan;
        return RequestEnvelope.Read(request, _receiveBuffer.Offsets).Operation != Operation.Run
            || (!context.Orchestrator.IsRecorded && context.Latencies.IsFast(context.FindProgram(request, _receiveBuffer.Offsets.Program)));
    }

    /// <summary>Reads the next request into the executor, where it is a run of the simplest form.</summary>
    private bool TryReadRun()
    {
        if (!context.CanUseFastPath || _receiveBuffer.Unscanned.IsEmpty || Is(State.Rejecting) || context.Memory.IsFullOfAnswers)
        {
            return false;
        }

        _executor ??= context.Orchestrator.Executors.Rent();
        if (!_executor.TryRead(_receiveBuffer.Unscanned, out ParsedEnvelope head)
            || (!context.Orchestrator.IsKeyed && !context.Latencies.IsFast(head.Program) && (_sendBuffer.Length > 0 || IsOnEventLoop)))
        {
            return false;
        }

        _program = head.Program;
        _state |= head.Id.IsEmpty ? State.Ending : State.KeepAlive;
        _answer.Begin(head.Id);
        _receiveBuffer.Consume(head.Length);
        return true;
    }

    /// <summary>Reads and checks the request that was found. False, the rejection being written, where it cannot run.</summary>
    private bool TryAdmit(bool isRead)
    {
        try
        {
            _executor ??= context.Orchestrator.Executors.Rent();
            if ((isRead ? _executor.Admit(_program) : _executor.Read(_receiveBuffer.RequestSpan)) is not { } problem)
            {
                return true;
            }

            Reject(problem.Code, problem.Message);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RejectFailed(exception);
        }

        return false;
    }

    private void ReturnExecutor()
    {
        if (_executor is { } executor)
        {
            _executor = null;
            context.Orchestrator.Executors.Return(executor);
        }
    }

    /// <summary>Reads the envelope of the request that was found and answers everything but a run.</summary>
    private DispatchResult Dispatch(bool isHolding)
    {
        ReadOnlySpan<byte> request = _receiveBuffer.RequestSpan;
        RequestEnvelope head = RequestEnvelope.Read(request, _receiveBuffer.Offsets);
        bool isBroken = _receiveBuffer.Scan() == FramingResult.Broken;
        bool isRun = isBroken || head is { Problem: null, Operation: Operation.Run };
        _program = isRun ? context.FindProgram(request, _receiveBuffer.Offsets.Program) : -1;
        bool hasAnswer = _sendBuffer.Length > 0 || _uncommitted.Any;
        if (context.Orchestrator.IsKeyed)
        {
            // Nothing waits here for a lane or a run.
        }
        else if (isRun ? hasAnswer && !(isHolding && context.Latencies.IsFast(_program)) : _uncommitted.Any)
        {
            // An answer that is ready does not wait for the lane, or for a run that may last; and nothing overtakes an answer.
            return DispatchResult.Defer;
        }

        if (isHolding && request.Length > ServerTuning.LargeRequestBytes)
        {
            // Nobody waits for a request to be read.
            return DispatchResult.Defer;
        }

        _state |= head.Id.IsEmpty ? State.Ending : State.KeepAlive;
        _state |= isBroken ? State.Ending | State.MustDrainInput : State.None;
        _answer.Begin(head.Id);
        if (Is(State.Rejecting))
        {
            Reject(Rejection.ShuttingDown, "The server is shutting down.");
        }
        else if (!context.Token.IsAuthorized(head.Auth))
        {
            RejectUnauthorized();
        }
        else if (head.Problem is not null)
        {
            Reject(Rejection.BadRequest, head.Problem);
        }
        else if (isRun && context.Memory.IsFullOfAnswers)
        {
            Reject(Rejection.Busy, "The server holds as many bytes of unsent answers as it may; retry later.");
        }
        else if (isRun)
        {
            _receiveBuffer.Authorize();
            return TryAdmit(isRead: false) ? DispatchResult.Run : DispatchResult.Answered;
        }
        else if (head.Operation == Operation.Ping && context.Orchestrator.JournalProblem is { } problem)
        {
            Reject(Rejection.Internal, $"Nothing runs at present. {problem}");
        }
        else
        {
            Write(head.Operation switch
            {
                Operation.Ping => "{\"_pong\":true}"u8,
                Operation.Lanes => context.Orchestrator.Lanes.Look(ServerTuning.MaxKeysShown).ToJson(),
                _ => context.Description,
            });
        }

        return DispatchResult.Answered;
    }

    /// <summary>A client may guess a few times on one connection; on all connections together guesses are slowed down.</summary>
    private void RejectUnauthorized()
    {
        Reject(Rejection.Unauthorized, "The request does not carry the server's token: add \"auth\": \"TOKEN\".");
        _state |= context.Token.RecordFailure() ? State.Throttled : State.None;
        if (++_unauthorized >= ServerTuning.MaxUnauthorizedRequests)
        {
            _state |= State.Ending | State.MustDrainInput;
        }
    }

    private void Reject(string code, string message)
    {
        ServerLog.Rejected(context.Logger, code);
        Rejection.Write(_answer, code, message);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_answer.GetSpan(bytes.Length));
        _answer.Advance(bytes.Length);
    }

    private async ValueTask SendAsync(bool isLast)
    {
        await ThrottleAsync().ConfigureAwait(false);
        await SendBufferAsync(isLast).ConfigureAwait(false);
    }

    private async ValueTask ThrottleAsync()
    {
        if (Is(State.Throttled))
        {
            _state &= ~State.Throttled;
            await Task.Delay(ServerTuning.UnauthorizedDelay, context.Options.TimeProvider).ConfigureAwait(false);
        }
    }

    private async ValueTask SendBufferAsync(bool isLast)
    {
        int length = _sendBuffer.Length;
        if (length == 0)
        {
            return;
        }

        ValueTask sending = _transport.SendAsync(_sendBuffer.Written, isLast, context.Options.SendTimeout);
        if (sending.IsCompletedSuccessfully)
        {
            sending.GetAwaiter().GetResult();
        }
        else
        {
            context.Memory.ChargeAnswer(length);
            try
            {
                await sending.ConfigureAwait(false);
            }
            finally
            {
                context.Memory.ReleaseAnswer(length);
            }
        }

        _sendBuffer.Clear();
    }

    private void Release(bool isLeft)
    {
        Debug.Assert(Next is null && _executor is null && _runs is null or { Any: false }, "It still waits for the lane, or has a run under way.");
        SocketTransport transport = _transport;
        _receiveBuffer.Clear();
        _sendBuffer.Clear();
        _uncommitted.Clear();
        _nextRun?.Clear();
        _state = State.None;
        _unauthorized = 0;
        _transport = null!;
        context.Pool.Return(this);
        if (isLeft)
        {
            transport.ReleaseSocket();
            context.LingeringCloser.Add(transport.Socket);
        }
        else
        {
            transport.Dispose();
            context.Limits.Close(1);
        }
    }
}
