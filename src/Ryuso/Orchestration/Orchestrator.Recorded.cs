using System.Buffers;
using Microsoft.Extensions.Logging;
using Ryuso.Orchestration;
using Ryuso.Recording;
using Ryuso.Telemetry;
using Ryuso.Values;

namespace Ryuso;

/// <content>With a journal: recovery at the start, decisions of operators, answers that leave when they are durable.</content>
public abstract partial class Orchestrator
{
    private const int RunsPerProgressLine = 100;
    private const int MaxStuckRunsLogged = 100;

    /// <summary>Recoveries call what is outside, as runs do: more at a time would only press it.</summary>
    private const int MaxParallelRecoveries = 64;
    private static readonly TimeSpan s_reopenInterval = TimeSpan.FromSeconds(1);

    // What is being recovered while everything else is served.
    private Task _recovery = Task.CompletedTask;

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
#pragma warning disable CA1031 // A journal that throws what it should not: whether the outcome is durable is asked next.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnRunLost(exception);
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
    /// Records every run from now on, so that a crash loses nothing, and first takes up what the journal has unfinished: without keys it is
    /// brought to its end, with keys it holds them until it is (<see cref="WaitForRecoveryAsync"/>), and everything else is served.
    /// A server does this by itself with the journal of its options. The journal stays the caller's to dispose of, after the last run.
    /// </summary>
    /// <param name="journal">A journal that is not open yet.</param>
    /// <param name="cancellationToken">Gives up before the recovery begins.</param>
    /// <exception cref="JournalException">The journal cannot be used; the message says why and what to do.</exception>
    public async Task UseJournalAsync(IJournal journal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        await journal.OpenAsync(cancellationToken).ConfigureAwait(false);
        LanePlace everything = NewPlace();
        await _lanes.EnterAsync(everything, cancellationToken).ConfigureAwait(false);
        try
        {
            _environment.Journal = journal;
            await KeepKeysOfStuckRunsAsync(journal).ConfigureAwait(false);
            await RecoverAsync(journal).ConfigureAwait(false);
        }
        finally
        {
            _lanes.Leave(everything);
            ObserverLogger.Flush(_logger, s_logWait);
        }

        journal.OperatorDecisionRecorded += (_, decision) => _ = CarryOutDecisionAsync(journal, decision.RunId);
    }

    /// <summary>The keys of runs that are stuck are given to nobody.</summary>
    private async Task KeepKeysOfStuckRunsAsync(IJournal journal)
    {
        var query = new RunQuery(RunStatus.Stuck) { Limit = IsKeyed ? int.MaxValue : MaxStuckRunsLogged, IncludeEvents = false };
        IReadOnlyList<JournaledRun> runs = await journal.Runs.ListAsync(query, CancellationToken.None).ConfigureAwait(false);
        foreach (JournaledRun stuck in runs.Take(MaxStuckRunsLogged))
        {
            RunLog.StillStuck(_logger, stuck.Accepted.Program, stuck.RunId, DateTimeOffset.FromUnixTimeMilliseconds(stuck.Accepted.StartedAt), stuck.Cause, stuck.Error);
        }

        foreach (JournaledRun stuck in runs)
        {
            if (stuck.Accepted.Keys is { Count: > 0 } keys && _environment.KeepsKeys(stuck.Accepted.Program))
            {
                _lanes.Keep(stuck.RunId, [.. keys]);
            }
        }
    }

    /// <summary>
    /// What is unfinished before any run has begun was left by a process that ended, or by a journal that failed. At no other time does the
    /// status alone say so. With one lane all of it has been brought to its end then; with keys each run has its place before any that
    /// comes, and goes on by itself.
    /// </summary>
    private async Task RecoverAsync(IJournal journal)
    {
        var unfinished = new RunQuery(RunStatus.Unfinished) { Limit = int.MaxValue };
        IReadOnlyList<JournaledRun> runs = await journal.Runs.ListAsync(unfinished, CancellationToken.None).ConfigureAwait(false);
        if (runs.Count > 0)
        {
            RunLog.Recovering(_logger, runs.Count);
        }

        var progress = new RecoveryProgress(_logger, runs.Count);
        if (IsKeyed)
        {
            var parallel = new SemaphoreSlim(MaxParallelRecoveries);
            _recovery = Task.WhenAll(runs.Reverse().Select(run => RecoverInTurnAsync(run, parallel, progress)));
            return;
        }

        foreach (JournaledRun run in runs)
        {
            await RecoverAsync(run, NewPlace()).ConfigureAwait(false);
            progress.RunRecovered();
        }
    }

    /// <summary>
    /// Waits until what <see cref="UseJournalAsync"/> found unfinished has been brought to its end. Where the spec has keys that goes on while
    /// everything else is served; where it has none it has ended by then.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting. The recovery goes on.</param>
    public Task WaitForRecoveryAsync(CancellationToken cancellationToken = default) => Volatile.Read(ref _recovery).WaitAsync(cancellationToken);

    /// <summary>Takes the run's place before this method returns, and brings the run to its end in its turn.</summary>
    private async Task RecoverInTurnAsync(JournaledRun run, SemaphoreSlim parallel, RecoveryProgress progress)
    {
        LanePlace place = PlaceOf(run);
        await _lanes.EnterAsync(place, CancellationToken.None).ConfigureAwait(false);
        string? keepsKeysAs = null;
        try
        {
            await parallel.WaitAsync().ConfigureAwait(false);
            try
            {
                keepsKeysAs = await RecoverAsync(run, place).ConfigureAwait(false);
                progress.RunRecovered();
            }
            finally
            {
                parallel.Release();
            }
        }
        catch (JournalException exception)
        {
            OnJournalFailed(exception);
        }
#pragma warning disable CA1031 // Nobody waits for this: the log is where an operator looks.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DecisionFailed(_logger, run.RunId, exception);
        }
        finally
        {
            _lanes.Leave(place, keepsKeysAs);
        }
    }

    /// <summary>What a recovered run holds: its keys as they were recorded, and its id.</summary>
    private LanePlace PlaceOf(JournaledRun run)
    {
        if (!IsKeyed || run.Accepted.Keys is not { } keys)
        {
            return NewPlace();
        }

        var place = new LanePlace { IsUnlimited = true, Program = run.Accepted.Program, RunId = run.RunId };
        place.TryAdd(run.RunId, KeySpace.RunId);
        foreach (string key in keys)
        {
            place.TryAdd(key);
        }

        return place;
    }

    /// <returns>The run's id, where it is stuck again and keeps its keys; null otherwise.</returns>
    private async Task<string?> RecoverAsync(JournaledRun run, LanePlace held)
    {
        RunExecutor executor = _executors.Rent();
        try
        {
            await executor.RecoverAsync(run, held).ConfigureAwait(false);
            return executor.KeepsKeysAs;
        }
        finally
        {
            _executors.Return(executor);
        }
    }

    /// <summary>Goes on with the one run that an operator has decided on, and with no other.</summary>
    private async Task CarryOutDecisionAsync(IJournal journal, string runId)
    {
        try
        {
            // With one lane its turn is taken at once: what comes later is behind it.
            LanePlace place = NewPlace();
            if (IsKeyed)
            {
                if (await journal.Runs.FindAsync(runId, includeEvents: false).ConfigureAwait(false) is not { } decided)
                {
                    return;
                }

                place = PlaceOf(decided);
            }

            await _lanes.EnterAsync(place, CancellationToken.None).ConfigureAwait(false);
            string? keepsKeysAs = null;
            try
            {
                // Where it is not unfinished, it was closed by the decision or has been gone on with already.
                JournaledRun? run = await journal.Runs.FindAsync(runId).ConfigureAwait(false);
                keepsKeysAs = run switch
                {
                    { Status: RunStatus.Unfinished } => await RecoverAsync(run, place).ConfigureAwait(false),
                    { Status: RunStatus.Stuck } when _environment.KeepsKeys(run.Accepted.Program) => runId,
                    _ => null,
                };
            }
            finally
            {
                if (keepsKeysAs is null)
                {
                    _lanes.Release(runId);
                }

                _lanes.Leave(place, keepsKeysAs);
            }
        }
#pragma warning disable CA1031 // Nobody waits for this: the log is where an operator looks.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DecisionFailed(_logger, runId, exception);
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
        else
        {
            Reopen(journal, exception);
        }
    }

    /// <summary>A run could be neither ended nor recovered: nothing runs until what is unfinished has been recovered.</summary>
    internal void OnRunLost(Exception exception) => Reopen(Journal!, exception);

    private void Reopen(IJournal journal, Exception cause)
    {
        if (Interlocked.Exchange(ref _isReopening, 1) == 0)
        {
            RunLog.JournalFailed(_logger, cause);
            _ = ReopenJournalAsync(journal);
        }
    }

    private async Task ReopenJournalAsync(IJournal journal)
    {
        try
        {
            // The runs that are under way end first: what they append is lost. From then on none begins.
            LanePlace everything = NewPlace();
            await _lanes.EnterAsync(everything, CancellationToken.None).ConfigureAwait(false);
            _environment.IsJournalClosed = true;
            _lanes.Leave(everything);
            for (string? told = null; ;)
            {
                try
                {
                    await DelayAsync(s_reopenInterval).ConfigureAwait(false);
                    await journal.ReopenAsync(CancellationToken.None).ConfigureAwait(false);
                    await RecoverReopenedAsync(journal).ConfigureAwait(false);
                    return;
                }
#pragma warning disable CA1031 // To give up would leave a server that runs nothing and says nothing of it.
                catch (Exception exception) when (exception is not ObjectDisposedException)
#pragma warning restore CA1031
                {
                    string why = ExceptionText.MessageOf(exception);
                    if (why != told)
                    {
                        RunLog.JournalStillFails(_logger, told = why);
                    }
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The server has stopped; its next start recovers.
        }
    }

    /// <summary>By the system's clock where the given one throws, so that nothing is tried again without a pause.</summary>
    private Task DelayAsync(TimeSpan delay)
    {
        try
        {
            return Task.Delay(delay, Time);
        }
#pragma warning disable CA1031 // Whatever a clock throws.
        catch (Exception)
#pragma warning restore CA1031
        {
            return Task.Delay(delay);
        }
    }

    private async Task RecoverReopenedAsync(IJournal journal)
    {
        LanePlace everything = NewPlace();
        await _lanes.EnterAsync(everything, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await KeepKeysOfStuckRunsAsync(journal).ConfigureAwait(false);
            await RecoverAsync(journal).ConfigureAwait(false);
            _isReopening = 0;
            _environment.IsJournalClosed = false;
            RunLog.JournalReopened(_logger);
        }
        finally
        {
            _lanes.Leave(everything);
        }
    }

    /// <summary>Logs how far a long recovery is.</summary>
    private sealed class RecoveryProgress(ILogger logger, int count)
    {
        private int _done;

        public void RunRecovered()
        {
            int done = Interlocked.Increment(ref _done);
            if (done % RunsPerProgressLine == 0)
            {
                RunLog.RecoveryProgress(logger, done, count);
            }
        }
    }
}
