using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Carries out what <see cref="RunMachine"/> decides: checks, calls hooks, waits, logs. One run at a time, so everything but the pool object is reused.</summary>
internal sealed class Runner(Orchestrator orchestrator, SpecDefinition spec, ILogger logger, TimeProvider time)
{
    private readonly AsyncLocal<DataPool?> _running = new();
    private readonly RunState _run = new(spec);
    private readonly AnswerWriter _answers = new();
    private readonly NameTable _programs = new(spec.Programs.Select(p => p.Name));
    private IBufferWriter<byte> _answer = null!;
    private DataPool _pool = null!;
    private ValueTask<string?> _pending;

    /// <summary>Whether the caller is a hook of the run in flight.</summary>
    public bool IsRunningThisFlow => _running.Value is { IsOpen: true };

    /// <summary>Reads one request object, runs it and writes its answer; a rejection where nothing runs.</summary>
    public ValueTask RunAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        if (!TryAdmit(request.Span, answer))
        {
            return default;
        }

        _answer = answer;
        _pool = orchestrator.NewPool(_run.Slots);
        ExecutionContext? before = ExecutionContext.Capture();
        _running.Value = _pool;
        try
        {
            _run.Machine.Start(_run.Program.Line);
            if (!Drive())
            {
                return DriveAsync();
            }

            End();
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

    private bool TryAdmit(ReadOnlySpan<byte> request, IBufferWriter<byte> answer)
    {
        PoolSlots slots = _run.Slots;
        slots.Clear();
        string? problem = RequestReader.Read(request, slots, _programs, out int index, out string? unknown);
        if (problem is not null)
        {
            Rejection.Write(answer, Rejection.BadRequest, problem);
            return false;
        }

        if (index < 0)
        {
            Rejection.Write(answer, Rejection.UnknownProgram, $"There is no program '{unknown}'. {Nearest.Suggest(unknown!, spec.Programs.Select(p => p.Name))}");
            return false;
        }

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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask DriveAsync()
    {
        try
        {
            do
            {
                Settle(await _pending.ConfigureAwait(false));
            }
            while (!Drive());
            End();
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
                HookDefinition hook = spec.Hooks[step.Index];
                if (hook.Attempts == 1 && hook.TimeoutMs == 0)
                {
                    return TryInvoke(step.Index, hook, 1, default, out error);
                }

                error = null;
#pragma warning disable CA2012 // Kept for the loop that waits for it, once.
                _pending = InvokeAsync(step.Index, hook);
#pragma warning restore CA2012
                return false;
            case StepKind.EnterProgram:
                ProgramDefinition entered = spec.Programs[step.Index];
                _run.Slots.Fill(entered.Args);
                error = Sentence("program", entered.Name, "cannot begin", _run.Slots.Check(entered.Args));
                return true;
            default:
                ProgramDefinition left = spec.Programs[step.Index];
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

    /// <summary>A hook that may be tried again or has a time limit.</summary>
    private async ValueTask<string?> InvokeAsync(int index, HookDefinition hook)
    {
        for (int attempt = 1; ; attempt++)
        {
            using CancellationTokenSource? limit = hook.TimeoutMs > 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(hook.TimeoutMs), time) : null;
            string? error = TryInvoke(index, hook, attempt, limit?.Token ?? default, out string? atOnce) ? atOnce : await _pending.ConfigureAwait(false);
            if (limit is { IsCancellationRequested: true })
            {
                error = $"The hook '{hook.Reference}' did not end within its {hook.TimeoutMs} ms.";
            }

            if (error is null || attempt >= hook.Attempts)
            {
                return error;
            }

            if (hook.RetryDelayMs > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(hook.RetryDelayMs), time).ConfigureAwait(false);
            }

            _run.Enter(index);
        }
    }

    private ValueTask<HookResult> Call(int index, HookDefinition hook, int attempt, CancellationToken limit) =>
        _run.Slots.Check(hook.Args) is { } wrong
            ? new ValueTask<HookResult>(HookResult.Fail(Sentence("hook", hook.Reference, "cannot run", wrong)!))
            : orchestrator.Invoke(index, _pool, new HookContext(_pool, hook.Reference, _run.Machine.Id, attempt, limit));

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

        _answer.Write(_answers.Written);
        _pool.Close();
    }

    private static string? Sentence(string subject, string name, string what, string? problems) =>
        problems is null ? null : $"The {subject} '{name}' {what}: {problems}.";
}
