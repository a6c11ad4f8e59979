using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Recording;

namespace Ryuso.Server.Connections;

/// <content>Runs: several on one turn of the lane, their answers sent together.</content>
#pragma warning disable CA1001 // Its transport lives as long as a client, and is disposed of at the client's end.
internal sealed partial class Connection
#pragma warning restore CA1001
{
    /// <summary>
    /// Answers the requests that are complete, all on one turn of the lane where they are fast, and sends the answers together.
    /// </summary>
    /// <param name="isRead">Whether the executor has read the first request already.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AnswerBatchAsync(bool isRead)
    {
        Lanes lanes = context.Orchestrator.Lanes;
        bool isHolding = false;
        bool canWait = false;
        long began = 0;
        long now = 0;
        int count = 0;
        try
        {
            for (; isRead || (MayTakeAnother(count) && MayHoldLane(now - began)); count++)
            {
                isRead = isRead || (isHolding && TryReadRun());
                DispatchResult asked = isRead ? (TryAdmit(isRead: true) ? DispatchResult.Run : DispatchResult.Answered)
                    : _receiveBuffer.Scan() is FramingResult.Complete or FramingResult.Broken ? Dispatch(isHolding)
                    : DispatchResult.Defer;
                if (asked == DispatchResult.Defer)
                {
                    break;
                }

                if (asked == DispatchResult.Run)
                {
                    if (!isHolding)
                    {
                        _waitSource.Reset();
                        _waitLoop = CurrentLoop;
                        LaneEnterResult entry = lanes.Enter(_executor!.Place, this);
                        isHolding = entry == LaneEnterResult.Entered;
                        if (entry == LaneEnterResult.Queued)
                        {
                            long queuedAt = Stopwatch.GetTimestamp();
                            await new ValueTask(this, _waitSource.Version).ConfigureAwait(false);
                            isHolding = _executor.Place.Problem is null;
                            ObjectDisposedException.ThrowIf(context.Deadlines.IsAborting, this);
                            if (Stopwatch.GetTimestamp() - queuedAt > ServerTuning.PeerCheckTicks && _transport.HasPeerHungUp())
                            {
                                throw new IOException("The client was gone before its run began.");
                            }
                        }

                        began = now = Stopwatch.GetTimestamp();
                    }

                    if (isHolding)
                    {
                        PendingAnswer? recorded = await RunAsync(now).ConfigureAwait(false);
                        long then = now;
                        now = Stopwatch.GetTimestamp();
                        context.Latencies.RecordRun(_program, now - then - _executor!.JournalWait <= ServerTuning.FastRunTicks);
                        if (recorded is not null || _uncommitted.Any)
                        {
                            HoldUntilCommitted(recorded);
                            continue;
                        }
                    }
                    else
                    {
                        RequestProblem problem = _executor!.Place.Problem!.Value;
                        Reject(problem.Code, problem.Message);
                    }
                }

                _sendBuffer.End();
                if (!isRead)
                {
                    _receiveBuffer.ConsumeRequest();
                }

                isRead = false;
            }
        }
        finally
        {
            if (isHolding)
            {
                canWait = lanes.HasFollower;
                lanes.Leave(_executor!.Place);
            }

            ReturnExecutor();
        }

        if (_uncommitted.Any)
        {
            // The lane has been left: the next run shares the commit if it is there already.
            await context.Orchestrator.FlushAsync(_uncommitted.LastPosition, canWait).ConfigureAwait(false);
            _uncommitted.ReleaseAll(context.Orchestrator, _sendBuffer);
        }
        else if (canWait && now - began < ServerTuning.ShortTurnTicks && CurrentLoop is { } loop)
        {
            await YieldToLaneTurnsAsync(loop).ConfigureAwait(false);
        }

        if (count >= ServerTuning.PipelineDepthThreshold)
        {
            _transport.MoveToPipelineLoop();
        }

        if (!Is(State.Ending))
        {
            await SendAsync(isLast: false).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether the lane may be held longer: as long as fast runs take, and while no other waits, for one more run that shares the commit.
    /// </summary>
    private bool MayHoldLane(long held) =>
        held <= ServerTuning.LaneHoldTicks || (_uncommitted.Any && context.Orchestrator.WaitingCount == 0);

    private bool MayTakeAnother(int count) => count < ServerTuning.MaxBatchedRequests
        && _sendBuffer.Length + _uncommitted.Length < ServerTuning.MaxUnsentBytes && !Is(State.Ending);

    /// <summary>Holds the answer until it is durable, and sends those before it that are durable by now.</summary>
    private void HoldUntilCommitted(PendingAnswer? recorded)
    {
        _uncommitted.Add(_sendBuffer, recorded);
        _receiveBuffer.ConsumeRequest();
        _uncommitted.ReleaseCommitted(context.Orchestrator, _sendBuffer);
        if (!Is(State.Ending))
        {
            _sendBuffer.Consume(TrySend(_sendBuffer.Written.Span));
        }
    }

    /// <summary>Runs a request; one that ends synchronously costs no state machine.</summary>
    private ValueTask<PendingAnswer?> RunAsync(long now)
    {
        ValueTask<PendingAnswer?> run;
        try
        {
            run = _executor!.RunAsync(_sendBuffer, now);
            if (run.IsCompletedSuccessfully)
            {
                return new ValueTask<PendingAnswer?>(run.Result);
            }
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RejectFailed(exception);
            return default;
        }

        return FinishAsync(run);
    }

    private async ValueTask<PendingAnswer?> FinishAsync(ValueTask<PendingAnswer?> run)
    {
        // The program was fast until now and is not: the answers before this one do not wait for it.
        if (_uncommitted.Any)
        {
            // With a journal a run does not touch the send buffer.
            (byte[] id, _) = _sendBuffer.DetachCurrent();
            await context.Orchestrator.FlushAsync(_uncommitted.LastPosition, canWait: false).ConfigureAwait(false);
            _uncommitted.ReleaseAll(context.Orchestrator, _sendBuffer);
            _sendBuffer.Begin(id);
        }

        int sent = TrySend(_sendBuffer.CompletedAnswers.Span);
        PendingAnswer? recorded = null;
        try
        {
            recorded = await run.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RejectFailed(exception);
        }

        _sendBuffer.Consume(sent);
        return recorded;
    }

    private void RejectFailed(Exception exception)
    {
        ServerLog.RequestFailed(context.Logger, exception);
        _answer.Rewind();
        Reject(Rejection.Internal, "The server failed; see its log.");
    }

    /// <summary>Sends what the client takes at once. That it has gone is noticed later: its run must be waited for in any case.</summary>
    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return 0;
        }

        try
        {
            return _transport.TrySend(bytes);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
