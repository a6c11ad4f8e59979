using System.Buffers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Ryuso;

/// <summary>Runs with a journal: recorded, recovered, and answered when they are durable.</summary>
internal sealed partial class Runner
{
    /// <summary>Takes up a run that the process did not end, or whose stuck state an operator has decided on.</summary>
    /// <exception cref="JournalException">The journal failed.</exception>
    public async Task RecoverAsync(JournaledRun recorded)
    {
        AsyncServiceScope? scope = orchestrator.Scopes?.CreateAsyncScope();
        try
        {
            if (scope is not null)
            {
                orchestrator.Use(scope.Value.ServiceProvider);
            }

            await RecoverUnscopedAsync(recorded).ConfigureAwait(false);
        }
        finally
        {
            if (scope is not null)
            {
                await scope.Value.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task RecoverUnscopedAsync(JournaledRun recorded)
    {
        RunRecorder recorder = _recorder!;
        ProgramDefinition? current = spec.Programs.FirstOrDefault(p => p.Name == recorded.Accepted.Program);
        bool isCurrent = current is not null && recorder.PlanOf(current).Fingerprint == recorded.Accepted.Plan.Fingerprint;
        RecordedPlan plan = isCurrent ? new RecordedPlan(current!, spec.Hooks, spec.Programs) : RecordedPlan.Read(recorded.Accepted.Plan.Json, spec);
        _run.Resume(recorded, plan, time);
        RunReplay replay = RunReplay.Of(recorded, _run);
        recorder.Resumed();
        if (!replay.IsDecided)
        {
            Interrupt(recorder, replay);
        }

        _watch = RunWatch.Begin(_run.Program.Name, traceParent: null);
        Open();
        try
        {
            if (!_run.Machine.IsEnded)
            {
                if (Obstacle(replay) is { } obstacle)
                {
                    Settle(obstacle);
                }
                else
                {
                    recorder.Recovering();
                }
            }

            // Tries of a step that went forward are not those of the first rectifier.
            _attempts = replay.IsDecided ? replay.Attempts : 0;
            while (!Drive())
            {
                Settle(await _pending.ConfigureAwait(false));
            }

            End();
            await recorder.FinishedAsync(Encoding.UTF8.GetString(_answers.Written), canWait: false).ConfigureAwait(false);
        }
        finally
        {
            _pool.Close();
        }

        RunLog.Recovered(logger, _run.Program.Name, recorded.RunId, _run.Machine.Command.ToString(), _run.Error);
    }

    private void Interrupt(RunRecorder recorder, RunReplay replay)
    {
        if (replay.KnownFailure is { } failure)
        {
            Settle(failure);
            return;
        }

        bool inDoubt = replay.IsInDoubt;
        _run.Fail(
            inDoubt ? _run.StepReference : "programs." + _run.Program.Name,
            "The server's process ended during the run; what had been done was reversed when it started again.",
            isDependency: inDoubt && _run.Machine.Step.IsDependency);
        recorder.Interrupted(inDoubt);
        _run.Machine.Interrupt(inDoubt);
    }

    /// <summary>Why the way back of a recovered run cannot be gone; null where it can.</summary>
    private string? Obstacle(RunReplay replay)
    {
        if (_run.Machine.WayBack.Where(step => !_run.Exists(step)).Select(_run.ReferenceOf).Distinct().ToArray() is { Length: > 0 } gone)
        {
            return $"The run follows an older plan, and the spec no longer has {string.Join(", ", gone)}. Bring them back and retry, or skip or abandon the run.";
        }

        return replay.Recoveries >= RunReplay.MostRecoveries
            ? $"The server's process ended {replay.Recoveries} times while this step was tried. Find out why, then retry, skip or abandon the run."
            : null;
    }

    private async ValueTask<Task?> RunRecordedAsync(RunRecorder recorder, int program, string? unknown, IBufferWriter<byte> answer)
    {
        try
        {
            if (recorder.Fault is not null)
            {
                RejectUnrecorded(answer);
                return null;
            }

            string? hash = null;
            if (_run.Slots.CallersRunId is { } runId)
            {
                hash = RequestHash.Of(unknown ?? spec.Programs[program].Name, _run.Slots);
                if (await recorder.FindAsync(runId).ConfigureAwait(false) is { } known)
                {
                    return AnswerAgainAsync(recorder, known, hash, answer);
                }
            }

            if (!TryAdmit(program, unknown, answer))
            {
                return null;
            }

            recorder.Accepted(hash);
            Begin();
            while (!Drive())
            {
                Settle(await _pending.ConfigureAwait(false));
            }

            End();
            byte[] written = _answers.Written.ToArray();
            ValueTask durable = recorder.FinishedAsync(Encoding.UTF8.GetString(written), canWait: orchestrator.Waiting > 0);
            return AnswerAsync(durable, written, answer);
        }
        catch (JournalException exception)
        {
            RunLog.JournalFailed(logger, exception);
            RejectUnrecorded(answer);
            return null;
        }
        finally
        {
            _pool?.Close();
        }
    }

    /// <summary>The answer leaves when its outcome is durable, and never before.</summary>
    private async Task AnswerAsync(ValueTask durable, ReadOnlyMemory<byte> written, IBufferWriter<byte> answer)
    {
        try
        {
            await durable.ConfigureAwait(false);
            answer.Write(written.Span);
        }
        catch (JournalException exception)
        {
            RunLog.JournalFailed(logger, exception);
            RejectUnrecorded(answer);
        }
    }

    private Task AnswerAgainAsync(RunRecorder recorder, JournaledRun known, string hash, IBufferWriter<byte> answer)
    {
        if (known.Accepted.RequestHash != hash)
        {
            Rejection.Write(answer, Rejection.BadRequest, $"The run_id '{known.RunId}' was used before with another request.");
            return Task.CompletedTask;
        }

        if (known.Answer is null)
        {
            Rejection.Write(answer, Rejection.Busy, $"The run '{known.RunId}' has not ended yet; ask again later.");
            return Task.CompletedTask;
        }

        return AnswerAsync(recorder.FlushAsync(canWait: orchestrator.Waiting > 0), Encoding.UTF8.GetBytes(known.Answer), answer);
    }

    private static void RejectUnrecorded(IBufferWriter<byte> answer) => Rejection.Write(
        answer,
        Rejection.Internal,
        "The journal cannot be written, so the outcome is not known. Nothing runs until the server is started again; what had begun is reversed then.");
}
