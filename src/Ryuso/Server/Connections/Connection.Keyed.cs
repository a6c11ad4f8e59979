using System.Diagnostics;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Recording;

namespace Ryuso.Server.Connections;

/// <content>Runs side by side, where the spec has keys. Answers go in the order of the requests.</content>
internal sealed partial class Connection
{
    /// <summary>Whether the client can receive nothing more. Any thread, while a run is under way.</summary>
    internal bool IsPeerGone => _transport.HasPeerHungUp();

    /// <summary>Ends the wait for the client's bytes. Any thread, while a run is under way.</summary>
    internal void Cut() => _transport.Cut();

    /// <summary>Sends the answers of <see cref="OrderedRuns"/>; the last of all is left to the end of the connection.</summary>
    internal ValueTask SendOrderedAsync() => Is(State.Ending) && _runs!.IsLast ? default : SendBufferAsync(isLast: false);

    private OrderedRuns Runs
    {
        get
        {
            if (_runs is null)
            {
                _runs = new OrderedRuns(this, context, _sendBuffer);
                _runs.Open();
            }

            return _runs;
        }
    }

    private void ChooseAnswerBuffer()
    {
        if (_runs is { Any: true })
        {
            _nextRun ??= _runs.Rent();
            _answer = _nextRun.Answer;
        }
        else
        {
            _answer = _sendBuffer;
        }
    }

    /// <summary>The answer has been written. It leaves after those before it.</summary>
    private void CompleteAnswer()
    {
        if (_answer == _sendBuffer)
        {
            _sendBuffer.End();
        }
        else
        {
            AddRun().Complete();
        }
    }

    /// <summary>Begins the requests that are complete: those that are quick and have their turn run here, the others go on by themselves.</summary>
    /// <param name="isRead">Whether the executor has read the first request already.</param>
    private async ValueTask BeginRunsAsync(bool isRead)
    {
        try
        {
            for (int count = 1; ; count++)
            {
                bool isRun = isRead ? TryAdmit(isRead: true) : Dispatch(isHolding: false) == DispatchResult.Run;
                if (!isRead)
                {
                    _receiveBuffer.ConsumeRequest();
                }

                if (isRun)
                {
                    BeginRun();
                }
                else
                {
                    await ThrottleAsync().ConfigureAwait(false);
                    CompleteAnswer();
                }

                if (!MayTakeAnother(count))
                {
                    break;
                }

                if (_runs is { IsFull: true })
                {
                    await _runs.WaitForRoomAsync().ConfigureAwait(false);
                }

                ChooseAnswerBuffer();
                isRead = TryReadRun();
                if (!isRead && _receiveBuffer.Scan() is not (FramingResult.Complete or FramingResult.Broken))
                {
                    break;
                }
            }
        }
        finally
        {
            ReturnExecutor();
        }

        if (!Is(State.Ending) && _runs is not { Any: true })
        {
            await SendAsync(isLast: false).ConfigureAwait(false);
        }
    }

    private void BeginRun()
    {
        RunExecutor executor = _executor!;
        if (!MayRunHere() || !context.Orchestrator.Lanes.TryEnter(executor.Place))
        {
            _executor = null;
            AddRun().Begin(executor, _program);
            return;
        }

        long began = Stopwatch.GetTimestamp();
        ValueTask<PendingAnswer?> run;
        try
        {
            run = executor.RunAsync(answer: null, began);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RejectFailed(exception);
            _sendBuffer.End();
            Leave(executor);
            return;
        }

        if (run.IsCompletedSuccessfully)
        {
            PendingAnswer? recorded = run.Result;
            if (recorded is not null)
            {
                _executor = null;
                AddRun().Continue(executor, _program, new ValueTask<PendingAnswer?>(recorded));
                return;
            }

            ReadOnlySpan<byte> answer = executor.Answer;
            answer.CopyTo(_sendBuffer.GetSpan(answer.Length));
            _sendBuffer.Advance(answer.Length);
            _sendBuffer.End();
            Leave(executor);
            context.Latencies.RecordRun(_program, Stopwatch.GetTimestamp() - began <= ServerTuning.FastRunTicks);
            return;
        }

        _executor = null;
        AddRun().Continue(executor, _program, run);
    }

    /// <summary>The executor stays for the next request.</summary>
    private void Leave(RunExecutor executor) => context.Orchestrator.Lanes.Leave(executor.Place, executor.KeepsKeysAs);

    /// <summary>Whether nothing is before its answer and nobody would wait for it.</summary>
    private bool MayRunHere() => _answer == _sendBuffer
        && ((context.Latencies.IsFast(_program) && !context.Orchestrator.IsRecorded) || (Is(State.Ending) && !IsOnEventLoop));

    /// <summary>The request's answer comes later: it gets a place among those of the other runs.</summary>
    private OrderedRun AddRun()
    {
        OrderedRun run;
        if (_answer == _sendBuffer)
        {
            if (!Is(State.Ending))
            {
                _transport.Register();
            }

            (byte[] id, byte[] json) = _sendBuffer.DetachCurrent();
            if (_sendBuffer.Length > 0)
            {
                // The answers before it are sent with those of the runs: the send buffer is theirs from now on.
                OrderedRun earlier = Runs.Rent();
                Copy(_sendBuffer.Written.Span, earlier.Answer);
                _sendBuffer.Clear();
                Runs.Add(earlier);
                earlier.Complete();
            }

            run = Runs.Rent();
            run.Answer.Begin(id);
            Copy(json, run.Answer);
        }
        else
        {
            run = _nextRun!;
            _nextRun = null;
        }

        Runs.Add(run);
        return run;
    }

    private static void Copy(ReadOnlySpan<byte> bytes, SendBuffer buffer)
    {
        bytes.CopyTo(buffer.GetSpan(bytes.Length));
        buffer.Advance(bytes.Length);
    }
}
