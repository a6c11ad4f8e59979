using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.Definitions;
using Ryuso.Protocol;
using Ryuso.Recording;
using Ryuso.Runs;
using Ryuso.Telemetry;
using Ryuso.Values;

namespace Ryuso.Orchestration;

/// <summary>Runs with a journal: recorded, recovered, and answered when they are durable.</summary>
internal sealed partial class RunExecutor
{
    private RunRecorder GetRecorder(IJournal journal) => _recorder ??= new RunRecorder(journal, environment.PlanOf, _run, _time);

    /// <summary>
    /// Takes up a run that the process did not end, or whose stuck state an operator has decided on. One that cannot be taken up, for
    /// whatever reason, is stuck, and keeps no other from being taken up.
    /// </summary>
    /// <param name="recorded">The run.</param>
    /// <param name="held">What it holds: nothing else of its keys runs meanwhile.</param>
    /// <exception cref="JournalException">The journal failed.</exception>
    public async Task RecoverAsync(JournaledRun recorded, LanePlace held)
    {
        _isClear = false;
        _held = held;
        RunRecorder recorder = GetRecorder(environment.Journal!);
        try
        {
            if (recorded.Damage is { } damage)
            {
                throw new JournalException($"What is recorded of the run '{recorded.RunId}' cannot be read: {damage}.");
            }

            await RecoverInScopeAsync(recorded).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The run is stuck with what it was; only the journal's own fault concerns every run.
        catch (Exception exception) when (recorder.Journal.Fault is null)
#pragma warning restore CA1031
        {
            string why = exception is JournalException ? exception.Message : $"{exception.GetType().Name}: {ExceptionText.MessageOf(exception)}";
            string error = $"The run cannot be recovered. {why} Look at what it has done by hand, then abandon it, or retry once the cause is gone.";
            RunLog.CannotRecover(_logger, recorded.Accepted.Program, recorded.RunId, why, exception);
            KeepKeysIfStuck(isStuck: true, recorded.Accepted.Program, recorded.RunId);
            await recorder.Journal.FlushAsync(recorder.RunCannotGoOn(recorded, error), canWait: false).ConfigureAwait(false);
        }
    }

    private async Task RecoverInScopeAsync(JournaledRun recorded)
    {
        if (orchestrator.Scopes is not { } scopes)
        {
            _hooks = orchestrator.SharedHooks;
            await RecoverUnscopedAsync(recorded).ConfigureAwait(false);
            return;
        }

        RunScope scope = await orchestrator.CreateScopeAsync(scopes).ConfigureAwait(false);
        await using (scope.ConfigureAwait(false))
        {
            _hooks = scope.MakeHooks();
            await RecoverUnscopedAsync(recorded).ConfigureAwait(false);
        }
    }

    private async Task RecoverUnscopedAsync(JournaledRun recorded)
    {
        RunRecorder recorder = GetRecorder(environment.Journal!);
        ProgramDefinition? current = _spec.Programs.FirstOrDefault(p => p.Name == recorded.Accepted.Program);
        bool isCurrent = current is not null && environment.PlanOf(current).Fingerprint == recorded.Accepted.Plan.Fingerprint;
        RecordedPlan plan = isCurrent ? new RecordedPlan(current!, _spec.Hooks, _spec.Programs) : RecordedPlan.Read(recorded.Accepted.Plan.Json, _spec);
        ClearRun();
        _run.Resume(recorded, plan.Program, plan.Hooks, plan.Programs, _time);
        RunReplay replay = RunReplay.Of(recorded, _run);
        recorder.RunResumed();
        if (!replay.IsDecided)
        {
            Interrupt(recorder, replay);
        }

        _activity = RunActivity.Begin(_run.Program.Name, traceParent: null);
        Open();
        try
        {
            if (!_run.StateMachine.IsEnded)
            {
                if (FindRecoveryBlocker(replay) is { } obstacle)
                {
                    CompleteCommand(new StepFailure(obstacle, FailureCodes.Failed));
                }
                else
                {
                    recorder.RecoveryStarted();
                }
            }

            // Tries of a step that went forward are not those of the first rectifier.
            _attempts = replay.IsDecided ? replay.Attempts : 0;
            while (!Drive())
            {
                CompleteCommand(await _pending.ConfigureAwait(false));
            }

            End();
            long position = recorder.RunFinished(Encoding.UTF8.GetString(_answers.Written));
            await recorder.Journal.FlushAsync(position, canWait: false).ConfigureAwait(false);
        }
        finally
        {
            _pool.Close();
        }

        Report();
        RunLog.Recovered(_logger, _run.Program.Name, recorded.RunId, _run.StateMachine.Command.ToString(), _run.Error);
    }

    private void Interrupt(RunRecorder recorder, RunReplay replay)
    {
        if (replay.KnownFailure is { } failure)
        {
            CompleteCommand(failure);
            return;
        }

        bool inDoubt = replay.IsInDoubt;
        _run.Fail(
            inDoubt ? _run.StepReference : "programs." + _run.Program.Name,
            inDoubt
                ? Interrupted($"The server's process ended during the run, and whether {_run.StepReference} had ended is not known.")
                : Interrupted("The server's process ended during the run."),
            isDependency: inDoubt && _run.StateMachine.CurrentOp.IsDependency);
        recorder.RunInterrupted(inDoubt);
        _run.StateMachine.Interrupt(inDoubt);
    }

    private static StepFailure Interrupted(string message) => new(message, FailureCodes.Interrupted);

    /// <summary>Why the way back of a recovered run cannot be gone; null where it can.</summary>
    private string? FindRecoveryBlocker(RunReplay replay)
    {
        if (_run.StateMachine.RemainingCompensation.Where(step => !_run.Exists(step)).Select(_run.ReferenceOf).Distinct().ToArray() is { Length: > 0 } gone)
        {
            return $"The run follows an older plan, and the spec no longer has {string.Join(", ", gone)}. Bring them back and retry, or skip or abandon the run.";
        }

        return replay.ProcessEnds >= RunReplay.MaxProcessEnds
            ? $"The server's process ended {replay.ProcessEnds} times while this step was tried. Find out why, then retry, skip or abandon the run."
            : null;
    }

    private async ValueTask<PendingAnswer?> RunRecordedAsync(RunRecorder recorder, long now)
    {
        try
        {
            recorder.JournalWait = 0;
            environment.LogJournalWarning();
            if (environment.IsJournalClosed || recorder.Journal.Fault is not null)
            {
                return PendingAnswer.Unavailable();
            }

            if (_fingerprint is not null
                && await recorder.Journal.Runs.FindAsync(_run.Slots.CallersRunId!, includeEvents: false).ConfigureAwait(false) is { } known)
            {
                return AnswerFromRecord(known, _fingerprint);
            }

            if (_problem is { } problem)
            {
                return PendingAnswer.Rejected(problem.Code, problem.Message);
            }

            StartClock(now);
            Place.RunId = _run.Slots.RunId;
            recorder.RunAccepted(_fingerprint, environment.IsKeyed && !Place.IsAlone ? Place.Values : null);
            Begin();
            while (!Drive())
            {
                CompleteCommand(await _pending.ConfigureAwait(false));
            }

            End();
            var answer = new PendingAnswer(_answers.Written.ToArray(), recorder.RunFinished(Encoding.UTF8.GetString(_answers.Written)));
            Report();
            return answer;
        }
        catch (JournalException exception) when (!recorder.IsRunOpen || IsOfJournal(exception))
        {
            orchestrator.OnJournalFailed(exception);

            // Without a fault the journal could not be read, and that was before anything ran.
            return recorder.Journal.Fault is null && !recorder.IsRunOpen ? PendingAnswer.Unreadable() : PendingAnswer.OutcomeUnknown();
        }
#pragma warning disable CA1031 // Whatever it was: what the run has done is recorded, and is reversed from the record.
        catch (Exception exception) when (recorder.IsRunOpen)
#pragma warning restore CA1031
        {
            return await RecoverAtOnceAsync(recorder, exception).ConfigureAwait(false);
        }
        finally
        {
            _pool?.Close();
        }
    }

    private static PendingAnswer AnswerFromRecord(JournaledRun known, string hash)
    {
        if (known.Accepted.RequestHash != hash)
        {
            return PendingAnswer.Rejected(Rejection.BadRequest, $"The run_id '{known.RunId}' was used before with another request.")
                with { Origin = JsonAnswerOrigin.RunIdReused };
        }

        return known.Answer is null
            ? PendingAnswer.Rejected(Rejection.Busy, $"The run '{known.RunId}' has not ended yet; ask again later.")
                with { Origin = JsonAnswerOrigin.Unfinished }
            : new PendingAnswer(Encoding.UTF8.GetBytes(known.Answer), 0) { Origin = JsonAnswerOrigin.Record };
    }

    /// <summary>An exception that no step explains has ended the run half way: it is rectified as after a crash, at once.</summary>
    private async ValueTask<PendingAnswer?> RecoverAtOnceAsync(RunRecorder recorder, Exception cause)
    {
        string runId = _run.Slots.RunId;
        RunLog.RunBroke(_logger, _run.Program.Name, runId, cause);
        _pool.Close();
        try
        {
            JournaledRun recorded = (await recorder.Journal.Runs.FindAsync(runId).ConfigureAwait(false))!;
            await RecoverAsync(recorded, _held).ConfigureAwait(false);
            JournaledRun ended = (await recorder.Journal.Runs.FindAsync(runId, includeEvents: false).ConfigureAwait(false))!;
            return new PendingAnswer(Encoding.UTF8.GetBytes(ended.Answer!), 0);
        }
#pragma warning disable CA1031 // The run must not be left half way: it is recovered with all that is unfinished.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            orchestrator.OnRunLost(exception);
            return PendingAnswer.OutcomeUnknown();
        }
    }
}
