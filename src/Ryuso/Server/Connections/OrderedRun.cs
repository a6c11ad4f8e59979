using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Recording;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Connections;

/// <summary>One request whose answer may come after others: it has its turn and runs beside them, and its answer waits here for theirs.</summary>
/// <remarks>
/// One flow of control: the connection fills it, then its turn and its run, then whoever sends. <see cref="OrderedRuns.Complete"/> hands it
/// from the second to the third.
/// </remarks>
[DebuggerDisplay("completed {IsCompleted}, {Answer.Length} bytes")]
internal sealed class OrderedRun(OrderedRuns runs, ServerContext context) : LaneWaiter
{
    private RunExecutor? _executor;
    private EventLoop? _loop;
    private int _program;
    private long _began;

    public SendBuffer Answer { get; } = new();

    /// <summary>The answer, where it may leave only once it is durable.</summary>
    public PendingAnswer? Recorded { get; private set; }

    /// <summary>How long the answer is.</summary>
    public int AnswerLength => Answer.Length + (Recorded?.Json.Length ?? 0);

    /// <summary>Whether the answer is there. Guarded by the gate of <see cref="OrderedRuns"/>.</summary>
    public bool IsCompleted { get; set; }

    /// <summary>Waits for the turn, and runs in it.</summary>
    /// <param name="executor">Has read and checked the request; it is given back at the run's end.</param>
    /// <param name="program">The program's index.</param>
    public void Begin(RunExecutor executor, int program)
    {
        _executor = executor;
        _program = program;
        _loop = context.Loops?.Current;
        _began = Stopwatch.GetTimestamp();
        Enter();
    }

    private void Enter()
    {
        switch (context.Orchestrator.Lanes.Enter(_executor!.Place, this))
        {
            case LaneEnterResult.Entered:
                // Whoever reads the connection goes on reading.
                ScheduleTurn();
                break;
            case LaneEnterResult.Rejected:
                OnEntered();
                break;
            default:
                break;
        }
    }

    /// <summary>Takes over a run that has its turn and has not ended at once.</summary>
    public void Continue(RunExecutor executor, int program, ValueTask<PendingAnswer?> run)
    {
        _executor = executor;
        _program = program;
        _began = Stopwatch.GetTimestamp();
        _ = AwaitAsync(run);
    }

    /// <summary>Ready for the next request.</summary>
    public void Clear()
    {
        Debug.Assert(_executor is null && Next is null, "Its run has ended.");
        Answer.Clear();
        Recorded = null;
        IsCompleted = false;
        _loop = null;
    }

    /// <inheritdoc/>
    protected internal override void ScheduleTurn()
    {
        if (_loop is null || context.Orchestrator.IsRecorded || !context.Latencies.IsFast(_program))
        {
            base.ScheduleTurn();
        }
        else
        {
            (context.Loops!.Current ?? _loop).Post(WorkPriority.LaneTurn, this);
        }
    }

    /// <inheritdoc/>
    protected override void OnEntered()
    {
        if (_executor!.Place.Problem is { } problem)
        {
            if (_executor.TryWaitForRecord())
            {
                Enter();
                return;
            }

            ServerLog.Rejected(context.Logger, problem.Code);
            Rejection.Write(Answer, problem.Code, problem.Message);
            context.Orchestrator.Executors.Return(_executor);
            _executor = null;
            Complete();
            return;
        }

        long now = Stopwatch.GetTimestamp();
        if (context.Deadlines.IsAborting || (now - _began > ServerTuning.PeerCheckTicks && runs.IsPeerGone))
        {
            // Its client was gone before it began: it does not run.
            Leave();
            Answer.Rewind();
            Complete();
            return;
        }

        _began = now;
        ValueTask<PendingAnswer?> run;
        try
        {
            run = _executor.RunAsync(answer: null, now);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return;
        }

        if (run.IsCompletedSuccessfully)
        {
            Finish(run.Result);
        }
        else
        {
            _ = AwaitAsync(run);
        }
    }

    private async Task AwaitAsync(ValueTask<PendingAnswer?> run)
    {
        PendingAnswer? recorded;
        try
        {
            recorded = await run.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // No request ends the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return;
        }

        Finish(recorded);
    }

    private void Finish(PendingAnswer? recorded)
    {
        context.Latencies.RecordRun(_program, Stopwatch.GetTimestamp() - _began - _executor!.JournalWait <= ServerTuning.FastRunTicks);
        Recorded = recorded;
        if (recorded is null)
        {
            ReadOnlySpan<byte> answer = _executor.Answer;
            answer.CopyTo(Answer.GetSpan(answer.Length));
            Answer.Advance(answer.Length);
        }

        Leave();
        Complete();
    }

    private void Fail(Exception exception)
    {
        ServerLog.RequestFailed(context.Logger, exception);
        Answer.Rewind();
        Rejection.Write(Answer, Rejection.Internal, "The server failed; see its log.");
        Leave();
        Complete();
    }

    private void Leave()
    {
        RunExecutor executor = _executor!;
        _executor = null;
        context.Orchestrator.Leave(executor);
    }

    /// <summary>The answer is there.</summary>
    public void Complete()
    {
        if (Recorded is null)
        {
            Answer.End();
        }

        runs.Complete(this);
    }
}
