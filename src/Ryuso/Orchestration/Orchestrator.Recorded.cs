using System.Buffers;
using Ryuso.Orchestration;
using Ryuso.Recording;
using Ryuso.Telemetry;

namespace Ryuso;

/// <content>With a journal: recovery at the start, decisions of operators, answers that leave when they are durable.</content>
public abstract partial class Orchestrator
{
    private const int RunsPerProgressLine = 100;
    private const int MaxStuckRunsLogged = 100;
    private static readonly TimeSpan s_reopenInterval = TimeSpan.FromSeconds(1);

    // 1 from the first sign of a fault until what the journal holds has been recovered.
    private int _isReopening;

    /// <summary>Whether this orchestrator has a journal.</summary>
    internal bool IsRecorded => Journal is not null;

    /// <summary>Whether an answer may leave already.</summary>
    internal bool IsDurable(PendingAnswer answer) => Journal!.IsDurable(answer.Position);

    /// <summary>Waits until answers up to a position may leave, or never will. The lane need not be held.</summary>
    /// <param name="position">That of the last answer.</param>
    /// <param name="canWait">Whether others are about to ask for the same.</param>
    internal async ValueTask FlushAsync(long position, bool canWait)
    {
        try
        {
            await Journal!.FlushAsync(position, canWait).ConfigureAwait(false);
        }
        catch (JournalException exception)
        {
            OnJournalFailed(exception);
        }
    }

    /// <summary>
    /// The answer leaves when its outcome is durable. The lane has been left: the next run shares the commit if it is there already.
    /// </summary>
    private async ValueTask AnswerAsync(PendingAnswer recorded, bool canWait, IBufferWriter<byte> answer)
    {
        await FlushAsync(recorded.Position, canWait).ConfigureAwait(false);
        answer.Write((IsDurable(recorded) ? recorded : PendingAnswer.OutcomeUnknown()).Json.Span);
    }

    /// <summary>
    /// Records every run from now on, so that a crash loses nothing, and first brings what the journal has unfinished to its end.
    /// A server does this by itself with the journal of its options. The journal stays the caller's to dispose of, after the last run.
    /// </summary>
    /// <param name="journal">A journal that is not open yet.</param>
    /// <param name="cancellationToken">Gives up before the recovery begins.</param>
    /// <exception cref="JournalException">The journal cannot be used; the message says why and what to do.</exception>
    public async Task UseJournalAsync(IJournal journal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        await journal.OpenAsync(cancellationToken).ConfigureAwait(false);
        await _lane.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _environment.Journal = journal;
            await RecoverAsync(journal).ConfigureAwait(false);
            var stuckRuns = new RunQuery(RunStatus.Stuck) { Limit = MaxStuckRunsLogged, IncludeEvents = false };
            foreach (JournaledRun stuck in await journal.Runs.ListAsync(stuckRuns, CancellationToken.None).ConfigureAwait(false))
            {
                RunLog.StillStuck(_logger, stuck.Accepted.Program, stuck.RunId, DateTimeOffset.FromUnixTimeMilliseconds(stuck.Accepted.StartedAt), stuck.Cause, stuck.Error);
            }
        }
        finally
        {
            _lane.Leave();
            ObserverLogger.Flush(_logger, s_logWait);
        }

        journal.OperatorDecisionRecorded += (_, decision) => _ = CarryOutDecisionAsync(journal, decision.RunId);
    }

    /// <summary>
    /// What is unfinished before any run has begun was left by a process that ended, or by a journal that failed. At no other time does the
    /// status alone say so.
    /// </summary>
    private async Task RecoverAsync(IJournal journal)
    {
        var unfinished = new RunQuery(RunStatus.Unfinished) { Limit = int.MaxValue };
        IReadOnlyList<JournaledRun> runs = await journal.Runs.ListAsync(unfinished, CancellationToken.None).ConfigureAwait(false);
        if (runs.Count > 0)
        {
            RunLog.Recovering(_logger, runs.Count);
        }

        for (int done = 0; done < runs.Count; done++)
        {
            await RecoverAsync(runs[done]).ConfigureAwait(false);
            if ((done + 1) % RunsPerProgressLine == 0)
            {
                RunLog.RecoveryProgress(_logger, done + 1, runs.Count);
            }
        }
    }

    private async Task RecoverAsync(JournaledRun run)
    {
        RunExecutor executor = _executors.Rent();
        try
        {
            await executor.RecoverAsync(run).ConfigureAwait(false);
        }
        finally
        {
            _executors.Return(executor);
        }
    }

    /// <summary>Goes on with the one run that an operator has decided on, and with no other.</summary>
    private async Task CarryOutDecisionAsync(IJournal journal, string runId)
    {
        await _lane.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            // Where it is not unfinished, it was closed by the decision or has been gone on with already.
            if (await journal.Runs.FindAsync(runId).ConfigureAwait(false) is { Status: RunStatus.Unfinished } run)
            {
                await RecoverAsync(run).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Nobody waits for this: the log is where an operator looks.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DecisionFailed(_logger, runId, exception);
        }
        finally
        {
            _lane.Leave();
        }
    }

    /// <summary>Where runs are recorded; null where they are not.</summary>
    internal IJournal? Journal => _environment.Journal;

    /// <summary>Why nothing runs although the server does; null where runs run.</summary>
    internal string? JournalProblem =>
        Journal?.Fault?.Message ?? (_environment.IsJournalClosed ? "The journal has failed; what it holds is being recovered." : null);

    /// <summary>A barrier or a look failed. Where the journal has a fault, it is opened again as soon as that can be done.</summary>
    internal void OnJournalFailed(JournalException exception)
    {
        if (Journal is not { Fault: not null } journal)
        {
            RunLog.JournalUnreadable(_logger, exception);
        }
        else if (Interlocked.Exchange(ref _isReopening, 1) == 0)
        {
            RunLog.JournalFailed(_logger, exception);
            _ = ReopenJournalAsync(journal);
        }
    }

    private async Task ReopenJournalAsync(IJournal journal)
    {
        try
        {
            // The runs that are under way end first: what they append is lost. From then on none begins.
            await _lane.EnterAsync(CancellationToken.None).ConfigureAwait(false);
            _environment.IsJournalClosed = true;
            _lane.Leave();
            for (string? told = null; ;)
            {
                try
                {
                    await Task.Delay(s_reopenInterval, Time).ConfigureAwait(false);
                    await journal.ReopenAsync(CancellationToken.None).ConfigureAwait(false);
                    await RecoverReopenedAsync(journal).ConfigureAwait(false);
                    return;
                }
                catch (JournalException exception)
                {
                    if (exception.Message != told)
                    {
                        RunLog.JournalStillFails(_logger, told = exception.Message);
                    }
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The server has stopped; its next start recovers.
        }
    }

    private async Task RecoverReopenedAsync(IJournal journal)
    {
        await _lane.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await RecoverAsync(journal).ConfigureAwait(false);
            _isReopening = 0;
            _environment.IsJournalClosed = false;
            RunLog.JournalReopened(_logger);
        }
        finally
        {
            _lane.Leave();
        }
    }
}
