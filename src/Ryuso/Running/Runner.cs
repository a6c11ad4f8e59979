using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Carries out what <see cref="RunMachine"/> decides: checks, calls hooks, waits, logs. One run at a time, so everything but the pool object is reused.</summary>
internal sealed class Runner(Orchestrator orchestrator, SpecDefinition spec, ILogger logger, TimeProvider time)
{
    private readonly AsyncLocal<DataPool?> _running = new();
    private readonly RunState _run = new(spec);
    private readonly AnswerWriter _answers = new();
    private readonly NameTable _programs = new(spec.Programs.Select(p => p.Name));
    private RunRecorder? _recorder;
    private DataPool _pool = null!;
    private ValueTask<string?> _pending;
    private RunWatch _watch;
    private bool _watchesHooks;

    // How many tries of the first step of a recovered run are recorded already.
    private int _attempts;

    /// <summary>Whether the caller is a hook of the run in flight.</summary>
    public bool IsRunningThisFlow => _running.Value is { IsOpen: true };

    /// <summary>Records every run from now on.</summary>
    public void Record(IJournal journal) => _recorder = new RunRecorder(journal, spec, _run, time);

    /// <summary>Reads one request object, runs it and writes its answer; a rejection where nothing runs.</summary>
    /// <returns>Null once the answer is written; with a journal the task that writes it when it is durable, which the lane need not wait for.</returns>
    public ValueTask<Task?> RunAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer) =>
        orchestrator.Scopes is null ? RunUnscopedAsync(request, answer) : RunInScopeAsync(orchestrator.Scopes, request, answer);

    private async ValueTask<Task?> RunInScopeAsync(IServiceScopeFactory scopes, ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            orchestrator.Use(scope.ServiceProvider);
            return await RunUnscopedAsync(request, answer).ConfigureAwait(false);
        }
    }

    private ValueTask<Task?> RunUnscopedAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        _run.Slots.Clear();
        if (RequestReader.Read(request.Span, _run.Slots, _programs, out int program, out string? unknown) is { } problem)
        {
            Rejection.Write(answer, Rejection.BadRequest, problem);
            return default;
        }

        if (_recorder is not null)
        {
            return RunRecordedAsync(_recorder, program, unknown, answer);
        }

        if (!TryAdmit(program, unknown, answer))
        {
            return default;
        }

        ExecutionContext? before = ExecutionContext.Capture();
        try
        {
            Begin();
            if (!Drive())
            {
                return DriveAsync(answer);
            }

            End();
            answer.Write(_answers.Written);
        }
        catch
        {
            _pool.Close();
            throw;
        }
        finally
        {
            if (before is not null)
            {
                ExecutionContext.Restore(before);
            }
        }

        return default;
    }

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

            _attempts = replay.Attempts;
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

    private bool TryAdmit(int index, string? unknown, IBufferWriter<byte> answer)
    {
        if (index < 0)
        {
            Rejection.Write(answer, Rejection.UnknownProgram, $"There is no program '{unknown}'. {Nearest.Suggest(unknown!, spec.Programs.Select(p => p.Name))}");
            return false;
        }

        PoolSlots slots = _run.Slots;
        ProgramDefinition program = spec.Programs[index];
        _run.Begin(program, time);
        slots.Fill(program.Args);
        if (slots.Check(program.Args) is { } wrong)
        {
            Rejection.Write(answer, Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {wrong}.");
            return false;
        }

        return true;
    }

    private void Begin()
    {
        _watch = RunWatch.Begin(_run.Program.Name, _run.Slots.TraceParent);
        Open();
        _attempts = 0;
        _run.Machine.Start(_run.Program.Line, _run.Hooks);
    }

    private void Open()
    {
        _watchesHooks = Instruments.WatchesHooks;
        _pool = orchestrator.NewPool(_run.Slots);
        _running.Value = _pool;
    }

    /// <summary>Goes on until the end, or until something must be waited for (false). A run of hooks that end at once never leaves this loop.</summary>
    private bool Drive()
    {
        while (!_run.Machine.IsEnded)
        {
            if (!TryCarryOut(out string? error))
            {
                return false;
            }

            Settle(error);
        }

        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Task?> DriveAsync(IBufferWriter<byte> answer)
    {
        try
        {
            do
            {
                Settle(await _pending.ConfigureAwait(false));
            }
            while (!Drive());
            End();
            answer.Write(_answers.Written);
            return null;
        }
        catch
        {
            _pool.Close();
            throw;
        }
    }

    private void Settle(string? error)
    {
        if (error is not null)
        {
            _run.Fail(error);
        }

        _recorder?.Ended(error);
        _run.Machine.Next(ok: error is null);
    }

    /// <summary>Carries out the machine's current command. False where <see cref="_pending"/> must be waited for.</summary>
    /// <param name="error">Null when it ended well, otherwise why not.</param>
    private bool TryCarryOut(out string? error)
    {
        ref readonly LineStep step = ref _run.Machine.Step;
        if (_run.Machine.Command == CommandKind.CheckOutputs)
        {
            error = CheckOutputs();
            return true;
        }

        switch (step.Kind)
        {
            case StepKind.EnterHook:
                _run.Enter(step.Index);
                error = null;
                return true;
            case StepKind.InvokeHook:
                HookDefinition hook = _run.Hooks[step.Index];
                if (hook.Attempts == 1 && hook.TimeoutMs == 0 && _recorder is null && !_watchesHooks)
                {
                    return TryInvoke(step.Index, hook, 1, default, out error);
                }

                error = null;
#pragma warning disable CA2012 // Kept for the loop that waits for it, once.
                _pending = InvokeAsync(step.Index, hook);
#pragma warning restore CA2012
                return false;
            case StepKind.EnterProgram:
                ProgramDefinition entered = _run.Programs[step.Index];
                _run.Slots.Fill(entered.Args);
                error = Sentence("program", entered.Name, "cannot begin", _run.Slots.Check(entered.Args));
                return true;
            default:
                ProgramDefinition left = _run.Programs[step.Index];
                _run.Slots.Fill(left.Outputs);
                error = Sentence("program", left.Name, "did not give its outputs", _run.Slots.Check(left.Outputs));
                return true;
        }
    }

    /// <summary>One try of one hook. One that ends at once costs no state machine.</summary>
    private bool TryInvoke(int index, HookDefinition hook, int attempt, CancellationToken limit, out string? error)
    {
        try
        {
            ValueTask<HookResult> call = Call(index, hook, attempt, limit);
            if (call.IsCompletedSuccessfully)
            {
                error = call.Result.Reason;
                return true;
            }

            error = null;
#pragma warning disable CA2012 // Kept for the loop that waits for it, once.
            _pending = AwaitAsync(call, hook, attempt);
#pragma warning restore CA2012
            return false;
        }
#pragma warning disable CA1031 // Whatever a hook throws is that step's failure and never the server's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = Explain(exception, hook, attempt);
            return true;
        }
    }

    /// <summary>A hook that may be tried again, has a time limit, is recorded or watched. A try is counted before it is made.</summary>
    private async ValueTask<string?> InvokeAsync(int index, HookDefinition hook)
    {
        int attempt = _attempts + 1;
        for (_attempts = 0; ; attempt++)
        {
            if (attempt > 1)
            {
                _run.Enter(index);
            }

            if (_recorder is not null && await _recorder.StartingAsync(attempt).ConfigureAwait(false) is { } unrecordable)
            {
                return unrecordable;
            }

            using CancellationTokenSource? limit = hook.TimeoutMs > 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(hook.TimeoutMs), time) : null;
            var watch = HookWatch.Begin(hook.Reference, attempt, _run.Machine.Id.IsRectifying);
            string? error = TryInvoke(index, hook, attempt, limit?.Token ?? default, out string? atOnce) ? atOnce : await _pending.ConfigureAwait(false);
            if (limit is { IsCancellationRequested: true })
            {
                error = $"The hook '{hook.Reference}' did not end within its {hook.TimeoutMs} ms.";
            }

            watch.End(error);

            if (error is null || attempt >= hook.Attempts)
            {
                return error;
            }

            _recorder?.Failed(attempt, error);
            if (hook.RetryDelayMs > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(hook.RetryDelayMs), time).ConfigureAwait(false);
            }
        }
    }

    private ValueTask<HookResult> Call(int index, HookDefinition hook, int attempt, CancellationToken limit) =>
        _run.Slots.Check(hook.Args) is { } wrong
            ? new ValueTask<HookResult>(HookResult.Fail(Sentence("hook", hook.Reference, "cannot run", wrong)!))
            : orchestrator.Invoke(index, _pool, new HookContext(_pool, hook.Reference, _run.Machine.Id, attempt, _run.Machine.IsInDoubt, limit));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<string?> AwaitAsync(ValueTask<HookResult> call, HookDefinition hook, int attempt)
    {
        try
        {
            return (await call.ConfigureAwait(false)).Reason;
        }
#pragma warning disable CA1031 // Whatever a hook throws is that step's failure and never the server's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Explain(exception, hook, attempt);
        }
    }

    private string Explain(Exception exception, HookDefinition hook, int attempt)
    {
        RunLog.HookFailed(logger, hook.Reference, attempt, exception);
        return exception is HookFailedException ? exception.Message : $"The hook '{hook.Reference}' threw {exception.GetType().Name}.";
    }

    /// <summary>Also writes the answer, since an output that cannot be written makes the run unsuccessful too.</summary>
    private string? CheckOutputs()
    {
        ProgramDefinition program = _run.Program;
        _run.Slots.Fill(program.Outputs);
        return Sentence("program", program.Name, "did not give its outputs", _run.Slots.Check(program.Outputs))
            ?? (_answers.TryWriteOutputs(_run, out string? problem) ? null : $"The outputs of the program '{program.Name}' cannot be written as JSON: {problem}");
    }

    /// <summary>Leaves the answer in <see cref="_answers"/>.</summary>
    private void End()
    {
        CommandKind outcome = _run.Machine.Command;
        if (outcome != CommandKind.Succeeded)
        {
            _run.Slots.Fill(_run.Program.Outputs);
            _answers.WriteFailure(_run);
        }

        if (_run.IsStuck)
        {
            RunLog.Stuck(logger, _run.Program.Name, _run.Slots.RunId, _run.FailedReference!, _run.Error!, _run.Name(_run.Machine.Rectified), _run.Name(_run.Unrectified));
        }

        if (logger.IsEnabled(LogLevel.Information))
        {
            RunLog.Ended(logger, _run.Program.Name, _run.Slots.RunId, outcome.ToString(), _run.Slots.Elapsed.TotalMilliseconds, _run.Error);
        }

        _watch.End(_run);
        _pool.Close();
    }

    private static string? Sentence(string subject, string name, string what, string? problems) =>
        problems is null ? null : $"The {subject} '{name}' {what}: {problems}.";
}
