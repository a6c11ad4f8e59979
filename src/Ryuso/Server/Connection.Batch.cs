using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Ryuso;

/// <content>Runs: several on one turn of the lane, their answers sent together.</content>
#pragma warning disable CA1001 // Its link lives as long as a client, and is disposed at the client's end.
internal sealed partial class Connection
#pragma warning restore CA1001
{
    private const int MostAtOnce = 64;
    private const int Many = 8;
    private const int MostUnsent = 64 * 1024;
    private static readonly long Swift = Stopwatch.Frequency / 10_000;
    private static readonly long Brief = Stopwatch.Frequency / 100_000;
    private static readonly long LongTurn = Stopwatch.Frequency / 2_000;

    /// <summary>Answers requests that are complete, all on one turn of the lane where they are quick, and sends the answers at once.</summary>
    /// <param name="isRead">Whether the lane is held and the first one has been read.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AnswerBatchAsync(bool isRead)
    {
        Lane lane = serving.Orchestrator.Lane;
        bool isHolding = isRead;
        bool canWait = false;
        long began = isRead ? Stopwatch.GetTimestamp() : 0;
        long now = began;
        int count = 0;
        try
        {
            for (; isRead || (count < MostAtOnce && HasTime(now - began) && _reply.Length + _held.Length < MostUnsent && !Is(State.Ending)); count++)
            {
                isRead = isRead || (isHolding && TryRead());
                Asked asked = isRead ? Asked.Run : _inbox.Scan() is ScanResult.Complete or ScanResult.Broken ? Ask(isHolding) : Asked.Later;
                if (asked == Asked.Later)
                {
                    break;
                }

                if (asked == Asked.Run)
                {
                    if (!isHolding)
                    {
                        _turn.Reset();
                        _loop = CurrentLoop;
                        LaneEntry entry = lane.Enter(this, serving.Options.QueueLength);
                        isHolding = entry == LaneEntry.Entered;
                        if (entry == LaneEntry.Queued)
                        {
                            await new ValueTask(this, _turn.Version).ConfigureAwait(false);
                            isHolding = true;
                            ObjectDisposedException.ThrowIf(serving.Links.IsAborting, this);
                        }

                        began = now = Stopwatch.GetTimestamp();
                    }

                    if (isHolding)
                    {
                        RecordedAnswer? recorded = await RunAsync(isRead, now).ConfigureAwait(false);
                        long then = now;
                        now = Stopwatch.GetTimestamp();
                        serving.Took(_program, now - then - serving.Orchestrator.Waited <= Swift);
                        if (recorded is not null || _held.Any)
                        {
                            Hold(recorded);
                            continue;
                        }
                    }
                    else
                    {
                        Reject(Rejection.Busy, $"{serving.Options.QueueLength} requests are waiting already; try again later.");
                    }
                }

                _reply.End();
                if (!isRead)
                {
                    _inbox.Next();
                }

                isRead = false;
            }
        }
        finally
        {
            if (isHolding)
            {
                canWait = lane.Waiting > 0;
                lane.Leave();
            }
        }

        if (_held.Any)
        {
            // The lane has been left: the next run shares the commit if it is there already.
            _held.ReleaseAll(await serving.Orchestrator.FlushAsync(canWait).ConfigureAwait(false), _reply);
        }
        else if (canWait && now - began < Brief && CurrentLoop is { } loop)
        {
            await LetTurnsPassAsync(loop).ConfigureAwait(false);
        }

        if (count >= Many)
        {
            _link.Gather();
        }

        if (!Is(State.Ending))
        {
            await SendAsync(isLast: false).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the lane may be held longer: for as long as quick runs take, and while nobody else wants it for one more run that shares the commit of those before.</summary>
    private bool HasTime(long held) => held <= LongTurn || (_held.Any && serving.Orchestrator.Waiting == 0);

    /// <summary>Keeps back the answer until it is durable, and sends those before it that are by now.</summary>
    private void Hold(RecordedAnswer? recorded)
    {
        _held.Add(_reply, recorded);
        _inbox.Next();
        _held.Release(serving.Orchestrator, _reply);
        if (!Is(State.Ending))
        {
            _reply.Forget(TrySend(_reply.Written.Span));
        }
    }

    /// <summary>A run that ends at once costs no state machine.</summary>
    private ValueTask<RecordedAnswer?> RunAsync(bool isRead, long now)
    {
        ValueTask<RecordedAnswer?> run;
        try
        {
            run = isRead ? serving.Orchestrator.RunReadAsync(_program, _reply, now) : serving.Orchestrator.RunHeldAsync(_inbox.Request, _reply);
            if (run.IsCompletedSuccessfully)
            {
                return new ValueTask<RecordedAnswer?>(run.Result);
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

    private async ValueTask<RecordedAnswer?> FinishAsync(ValueTask<RecordedAnswer?> run)
    {
        // It was quick until now and is not: the answers before it do not wait for it.
        if (_held.Any)
        {
            // With a journal a run leaves the reply alone.
            (byte[] id, _) = _reply.TakeBack();
            _held.ReleaseAll(await serving.Orchestrator.FlushAsync(canWait: false).ConfigureAwait(false), _reply);
            _reply.Begin(id);
        }

        int sent = TrySend(_reply.Earlier.Span);
        RecordedAnswer? recorded = null;
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

        _reply.Forget(sent);
        return recorded;
    }

    private void RejectFailed(Exception exception)
    {
        ServerLog.RequestFailed(serving.Logger, exception);
        _reply.Again();
        Reject(Rejection.Internal, "The server failed; its log says why.");
    }

    /// <summary>A client that has gone is noticed when its other answers are sent: its run must be waited for in any case.</summary>
    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return 0;
        }

        try
        {
            return _link.TrySend(bytes);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
