using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Protocol;
using Ryuso.Recording;
using Ryuso.Runs;
using Ryuso.Telemetry;
using Ryuso.Values;

namespace Ryuso.Orchestration;

/// <summary>Carries out what <see cref="RunStateMachine"/> decides: checks, calls hooks, waits, logs. One run at a time, so everything but the pool object is reused.</summary>
internal sealed partial class RunExecutor(Orchestrator orchestrator, SpecDefinition spec, ILogger logger, TimeProvider time)
{
    private readonly AsyncLocal<DataPool?> _running = new();
    private readonly RunState _run = new(spec);
    private readonly AnswerWriter _answers = new();
    private readonly Utf8NameTable _programs = new(spec.Programs.Select(p => p.Name));
    private RunRecorder? _recorder;
    private DataPool _pool = null!;
    private ValueTask<string?> _pending;
    private RunActivity _activity;

    // Of the thread that drives the run.
    private SynchronizationContext? _synchronizationContext;
    private bool _measuresHooks;

    // How many tries of the first step of a recovered run are recorded already.
    private int _attempts;

    /// <summary>Whether the caller is a hook of the run in flight.</summary>
    public bool IsCalledFromHook => _running.Value is { IsOpen: true };

    /// <summary>Whether a request that is a run and nothing else needs no more than <see cref="RunParsedAsync"/>.</summary>
    public bool CanUseFastPath => _recorder is null && orchestrator.Scopes is null;

    /// <summary>Records every run from now on.</summary>
    public void Record(IJournal journal) => _recorder = new RunRecorder(journal, spec, _run, time);

    /// <summary>Where runs are recorded; null where they are not.</summary>
    public IJournal? Journal => _recorder?.Journal;

    /// <summary>Reads one request object, runs it and writes its answer; a rejection where nothing runs.</summary>
    /// <returns>Null once the answer is written; with a journal nothing is written, and the answer is to leave when it is durable, which the lane need not wait for.</returns>
    public ValueTask<PendingAnswer?> RunAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer) =>
        orchestrator.Scopes is null ? RunUnscopedAsync(request, answer) : RunInScopeAsync(orchestrator.Scopes, request, answer);

    private async ValueTask<PendingAnswer?> RunInScopeAsync(IServiceScopeFactory scopes, ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        var scope = new RunScope(orchestrator, scopes, logger);
        await using (scope.ConfigureAwait(false))
        {
            scope.MakeHooks();
            return await RunUnscopedAsync(request, answer).ConfigureAwait(false);
        }
    }

    private ValueTask<PendingAnswer?> RunUnscopedAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        _run.Slots.Clear();
        if (RequestParser.Parse(request.Span, _run.Slots, _programs, out int program, out string? unknown) is { } problem)
        {
            if (_recorder is not null)
            {
                return new ValueTask<PendingAnswer?>(PendingAnswer.Rejected(Rejection.BadRequest, problem));
            }

            Rejection.Write(answer, Rejection.BadRequest, problem);
            return default;
        }

        return _recorder is not null ? RunRecordedAsync(_recorder, program, unknown) : RunParsedAsync(program, unknown, answer);
    }

    /// <summary>Reads the request that the bytes begin with, where it is a plain one, so that it is looked at once; then <see cref="RunParsedAsync"/> runs it.</summary>
    /// <param name="bytes">Begin with a request; it need not be whole.</param>
    /// <param name="head">What of it concerns others.</param>
    public bool TryParse(ReadOnlySpan<byte> bytes, out ParsedEnvelope head)
    {
        _run.Slots.Clear();
        var plain = new FastRequestParser(bytes, _run.Slots);
        if (!plain.TryParse(_programs) || !plain.IsOnlyRun || !Utf8.IsValid(bytes[..plain.Length]))
        {
            head = default;
            return false;
        }

        head = new ParsedEnvelope(plain.Length, plain.Program, plain.Id);
        return true;
    }

    /// <summary>Runs the request that has been read into the slots.</summary>
    /// <param name="program">The program's index; -1 for one that is unknown.</param>
    /// <param name="unknown">The name of an unknown program.</param>
    /// <param name="answer">Where the answer goes.</param>
    /// <param name="now">What the stopwatch has just shown, where the caller has looked: looking again costs as much as a step. 0 where it has not.</param>
    public ValueTask<PendingAnswer?> RunParsedAsync(int program, string? unknown, IBufferWriter<byte> answer, long now = 0)
    {
        if (Prepare(program, unknown, now) is (string code, string message))
        {
            Rejection.Write(answer, code, message);
            return default;
        }

        // A caller that has suppressed the flow gets it back so; a hook that does must not change what the next run flows.
        ExecutionContext? before = ExecutionContext.Capture();
        bool isFlowSuppressed = before is null;
        if (before is null)
        {
            ExecutionContext.RestoreFlow();
            before = ExecutionContext.Capture()!;
        }

        try
        {
            Begin();
            if (!Drive())
            {
                return DriveAsync(answer);
            }

            End();
            answer.Write(_answers.Written);
            Report();
        }
        catch
        {
            _pool.Close();
            throw;
        }
        finally
        {
            ExecutionContext.Restore(before);
            if (isFlowSuppressed)
            {
                ExecutionContext.SuppressFlow();
            }
        }

        return default;
    }

    /// <summary>Gets a run ready to begin; says why it cannot, null where it can.</summary>
    private (string Code, string Message)? Prepare(int index, string? unknown, long now = 0)
    {
        if (index < 0)
        {
            return (Rejection.UnknownProgram, $"There is no program '{unknown}'. {NearestName.Suggest(unknown!, spec.Programs.Select(p => p.Name))}");
        }

        PoolSlots slots = _run.Slots;
        ProgramDefinition program = spec.Programs[index];
        _run.Begin(program, time, now != 0 && time == TimeProvider.System ? now : time.GetTimestamp());
        slots.ApplyDefaults(program.Args);
        return slots.FindProblems(program.Args) is { } wrong ? (Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {wrong}.") : null;
    }

    private void Begin()
    {
        _activity = RunActivity.Begin(_run.Program.Name, _run.Slots.TraceParent);
        Open();
        _attempts = 0;
        _run.StateMachine.Start(_run.Program.Plan, _run.Hooks);
    }

    private void Open()
    {
        _measuresHooks = Instruments.MeasuresHooks;
        _pool = orchestrator.NewPool(_run.Slots);
        _running.Value = _pool;
    }

    /// <summary>Goes on until the end, or until something must be waited for (false). A run of hooks that end at once never leaves this loop.</summary>
    private bool Drive()
    {
        PoolSlots slots = _run.Slots;
        slots.BeginCalls();
        _synchronizationContext = SynchronizationContext.Current;
        try
        {
            while (!_run.StateMachine.IsEnded)
            {
                if (!TryExecute(out string? error))
                {
                    return false;
                }

                CompleteCommand(error);
            }

            return true;
        }
        finally
        {
            slots.EndCalls();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PendingAnswer?> DriveAsync(IBufferWriter<byte> answer)
    {
        try
        {
            do
            {
                CompleteCommand(await _pending.ConfigureAwait(false));
            }
            while (!Drive());
            End();
            answer.Write(_answers.Written);
            Report();
            return null;
        }
        catch
        {
            _pool.Close();
            throw;
        }
    }

    private void CompleteCommand(string? error)
    {
        if (error is not null)
        {
            _run.Fail(error);
        }

        _recorder?.CommandCompleted(error);
        _run.StateMachine.Next(ok: error is null);
    }

    /// <summary>Carries out the machine's current command. False where <see cref="_pending"/> must be waited for.</summary>
    /// <param name="error">Null when it ended well, otherwise why not.</param>
    private bool TryExecute(out string? error)
    {
        ref readonly PlanOp step = ref _run.StateMachine.CurrentOp;
        if (_run.StateMachine.Command == RunCommand.CheckOutputs)
        {
            error = CheckOutputs();
            return true;
        }

        switch (step.Kind)
        {
            case PlanOpKind.EnterHook:
                _run.Enter(step.Index);
                error = null;
                return true;
            case PlanOpKind.InvokeHook:
                HookDefinition hook = _run.Hooks[step.Index];
                error = CheckArguments(hook);
                if (error is not null)
                {
                    return true;
                }

                if (hook.Attempts == 1 && hook.TimeoutMs == 0 && _recorder is null && !_measuresHooks)
                {
                    bool isDone = TryInvoke(step.Index, hook, 1, limit: null, out error);
                    RestoreThread();
                    return isDone;
                }

                error = null;
#pragma warning disable CA2012 // Kept for the loop that waits for it, once.
                _pending = InvokeAsync(step.Index, hook);
#pragma warning restore CA2012
                return false;
            case PlanOpKind.EnterProgram:
                ProgramDefinition entered = _run.Programs[step.Index];
                _run.Slots.ApplyDefaults(entered.Args);
                error = Describe("program", entered.Name, "cannot begin", _run.Slots.FindProblems(entered.Args));
                return true;
            default:
                ProgramDefinition left = _run.Programs[step.Index];
                _run.Slots.ApplyDefaults(left.Outputs);
                error = Describe("program", left.Name, "did not give its outputs", _run.Slots.FindProblems(left.Outputs));
                return true;
        }
    }

    /// <summary>Also writes the answer, since an output that cannot be written makes the run unsuccessful too.</summary>
    private string? CheckOutputs()
    {
        ProgramDefinition program = _run.Program;
        if (orchestrator.Interceptor?.CompleteProgram(program.Name, _run.Slots.RunId).Reason is { } failure)
        {
            return failure;
        }

        _run.Slots.ApplyDefaults(program.Outputs);
        return Describe("program", program.Name, "did not give its outputs", _run.Slots.FindProblems(program.Outputs))
            ?? (_answers.TryWriteOutputs(_run, out string? problem) ? null : $"The outputs of the program '{program.Name}' cannot be written as JSON: {problem}");
    }

    /// <summary>Leaves the answer in <see cref="_answers"/>. Nothing has been reported yet: the record comes first.</summary>
    private void End()
    {
        _hasSucceeded = _run.StateMachine.Command == RunCommand.Succeeded;
        if (!_hasSucceeded)
        {
            _run.Slots.ApplyDefaults(_run.Program.Outputs);
            _answers.WriteFailure(_run);
        }

        _pool.Close();
    }

    /// <summary>Reports the outcome to those who observe: log, metrics, span.</summary>
    private void Report()
    {
        RunCommand outcome = _run.StateMachine.Command;
        if (_run.IsStuck)
        {
            (string cause, string why) = _run.Cause!.Value;
            RunLog.Stuck(logger, _run.Program.Name, _run.Slots.RunId, cause, why, _run.FailedReference!, _run.Error!, _run.NamesOf(_run.StateMachine.Rectified), _run.NamesOf(_run.Unrectified));
        }

        if (logger.IsEnabled(LogLevel.Information))
        {
            RunLog.Ended(logger, _run.Program.Name, _run.Slots.RunId, outcome.ToString(), _run.Slots.Elapsed.TotalMilliseconds, _run.Error);
        }

        _activity.End(_run);
    }

    private static string? Describe(string subject, string name, string what, string? problems) =>
        problems is null ? null : $"The {subject} '{name}' {what}: {problems}.";
}
