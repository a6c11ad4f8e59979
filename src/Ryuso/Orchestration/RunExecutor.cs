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

/// <summary>
/// One run under way: reads its request, carries out what <see cref="RunStateMachine"/> decides (checks, calls hooks, waits, logs) and writes
/// its answer. Used again by the next run, so everything but the pool object is.
/// </summary>
/// <remarks>
/// <c>Read</c> (or <c>TryRead</c>, or <c>TryAssign</c>), then <c>RunAsync</c> within the run's turn of the lane, in that order for each run. One
/// user at a time: whoever has rented it.
/// </remarks>
internal sealed partial class RunExecutor(Orchestrator orchestrator, RunEnvironment environment)
{
    private readonly SpecDefinition _spec = environment.Spec;
    private readonly ILogger _logger = environment.Logger;
    private readonly TimeProvider _time = environment.Time;
    private readonly RunState _run = new(environment.Spec);
    private readonly AnswerWriter _answers = new();
    private RunRecorder? _recorder;
    private DataPool _pool = null!;
    private HookInstances _hooks = null!;
    private ValueTask<StepFailure?> _pending;
    private RunActivity _activity;

    // Why the request cannot run; null where it can. The fingerprint of one that has an id of its own and is to be recorded.
    private RequestProblem? _problem;
    private string? _fingerprint;

    // Whether nothing of a run is left: to take it away twice would cost some nanoseconds.
    private bool _isClear;

    // Of the thread that drives the run.
    private SynchronizationContext? _synchronizationContext;
    private bool _measuresHooks;

    // How many tries of the first step of a recovered run are recorded already.
    private int _attempts;

    /// <summary>How long the run has waited for its journal, in ticks of the stopwatch.</summary>
    public long JournalWait => _recorder?.JournalWait ?? 0;

    /// <summary>The run's variables.</summary>
    public PoolSlots Slots => _run.Slots;

    /// <summary>The answer of the run that has ended; empty before.</summary>
    public ReadOnlySpan<byte> Answer => _answers.Written;

    /// <summary>The run's id.</summary>
    public string RunId => _run.Slots.RunId;

    /// <summary>Whether the request was rejected, so that nothing ran.</summary>
    public bool IsRejected => _problem is not null;

    /// <summary>What is wrong with each argument of a request that was rejected for its arguments; null where it was not.</summary>
    public IReadOnlyDictionary<string, string[]>? FindArgumentProblems() =>
        _problem is { Code: Rejection.InvalidArguments } ? _run.Slots.FindProblemsByName(_run.Program.Args) : null;

    /// <summary>Takes everything of the last run away.</summary>
    public void Clear()
    {
        if (_isClear)
        {
            return;
        }

        ClearRun();
        if (Place.Deadline is { } deadline)
        {
            deadline.End();
            Place.Deadline = null;
        }

        Place.Clear();
        _held = Place;
        KeepsKeysAs = null;
        _problem = null;
        _fingerprint = null;
        _isClear = true;
    }

    private void ClearRun()
    {
        _run.Slots.Clear();
        _answers.Clear();
        _recorder?.Clear();
    }

    private void BeginRead()
    {
        Clear();
        _isClear = false;
    }

    /// <summary>Reads a request that the bytes begin with, where it is a run of the simplest form, so that they are looked at once.</summary>
    /// <param name="bytes">Begin with a request; it need not be whole.</param>
    /// <param name="head">What of it concerns others.</param>
    /// <returns>False where <see cref="Read"/> must read it.</returns>
    public bool TryRead(ReadOnlySpan<byte> bytes, out ParsedEnvelope head)
    {
        BeginRead();
        var plain = new FastRequestParser(bytes, _run.Slots);
        if (!plain.TryParse(environment.Programs) || !plain.IsOnlyRun || !Utf8.IsValid(bytes[..plain.Length]))
        {
            head = default;
            return false;
        }

        head = new ParsedEnvelope(plain.Length, plain.Program, plain.Id);
        return true;
    }

    /// <summary>Checks what <see cref="TryRead"/> has read, as <see cref="Read"/> does.</summary>
    /// <param name="program">The program's index.</param>
    public RequestProblem? Admit(int program) => Admit(program, unknown: null);

    /// <summary>Reads and checks one request object. No lane is needed for that, and none for what cannot run.</summary>
    /// <returns>Why it cannot run, nothing having run; null where <see cref="RunAsync"/> is next.</returns>
    public RequestProblem? Read(ReadOnlySpan<byte> request)
    {
        BeginRead();
        if (RequestParser.Parse(request, _run.Slots, environment.Programs, out int program, out string? unknown) is { } problem)
        {
            return new RequestProblem(Rejection.BadRequest, problem);
        }

        if (_run.Slots.DeadlineMs > 0)
        {
            Place.Deadline = new BeginDeadline(_time, _run.Slots.DeadlineMs);
        }

        return Admit(program, unknown);
    }

    /// <summary>
    /// An id that was used before has its recorded answer, whatever its request is worth by now: the journal is asked first, which is
    /// done within the run's turn.
    /// </summary>
    private RequestProblem? Admit(int program, string? unknown)
    {
        _fingerprint = environment.Journal is not null && _run.Slots.CallersRunId is not null
            ? RequestFingerprint.Of(unknown ?? _spec.Programs[program].Name, _run.Slots)
            : null;
        _problem = Check(program, unknown);
        if (environment.IsKeyed && (_problem ??= ReadKeys(_run.Program)) is not null && _fingerprint is not null)
        {
            WaitForIdOnly();
        }

        return _fingerprint is null ? _problem : null;
    }

    private RequestProblem? Check(int index, string? unknown)
    {
        if (index < 0)
        {
            return new RequestProblem(
                Rejection.UnknownProgram, $"There is no program '{unknown}'. {NearestName.Suggest(unknown!, _spec.Programs.Select(p => p.Name))}");
        }

        PoolSlots slots = _run.Slots;
        ProgramDefinition program = _spec.Programs[index];
        _run.Begin(program, _time);
        slots.ApplyDefaults(program.Args);
        return slots.FindProblems(program.Args) is { } wrong
            ? new RequestProblem(Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {wrong}.")
            : null;
    }

    /// <summary>Runs what has been read, within its turn of the lane.</summary>
    /// <param name="answer">Where the answer goes; null where the caller takes it from the executor, without a journal.</param>
    /// <param name="now">What the stopwatch has just shown, where the caller has looked: looking again costs as much as a step. 0 where it has not.</param>
    /// <returns>Null once the answer is written; with a journal nothing is written, and the answer is to leave when it is durable, which the lane need not wait for.</returns>
    public ValueTask<PendingAnswer?> RunAsync(IBufferWriter<byte>? answer, long now = 0)
    {
        if (Place.Deadline is { } deadline && !deadline.TryBegin())
        {
            // With a journal an id that it knows still has its recorded answer.
            _problem ??= deadline.Problem;
            if (environment.Journal is null)
            {
                RejectUnrecorded(_problem.Value, answer);
                return default;
            }
        }

        if (orchestrator.Scopes is { } scopes)
        {
            return RunInScopeAsync(scopes, answer, now);
        }

        _hooks = orchestrator.SharedHooks;
        return RunUnscopedAsync(answer, now);
    }

    private void RejectUnrecorded(RequestProblem problem, IBufferWriter<byte>? answer)
    {
        _answers.WriteRejection(problem.Code, problem.Message);
        answer?.Write(_answers.Written);
    }

    private async ValueTask<PendingAnswer?> RunInScopeAsync(IServiceScopeFactory scopes, IBufferWriter<byte>? answer, long now)
    {
        RunScope scope = await orchestrator.CreateScopeAsync(scopes).ConfigureAwait(false);
        await using (scope.ConfigureAwait(false))
        {
            _hooks = scope.MakeHooks();
            return await RunUnscopedAsync(answer, now).ConfigureAwait(false);
        }
    }

    private ValueTask<PendingAnswer?> RunUnscopedAsync(IBufferWriter<byte>? answer, long now) =>
        environment.Journal is null ? RunUnrecordedAsync(answer, now) : RunRecordedAsync(GetRecorder(environment.Journal), now);

    private ValueTask<PendingAnswer?> RunUnrecordedAsync(IBufferWriter<byte>? answer, long now)
    {
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
            StartClock(now);
            Begin();
            if (!Drive())
            {
                return DriveAsync(answer);
            }

            End();
            answer?.Write(_answers.Written);
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

    private void StartClock(long now) => _run.Slots.Start(now != 0 && _time == TimeProvider.System ? now : _time.GetTimestamp());

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
        environment.EnterRun(_pool);
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
                if (!TryExecuteSafely(out StepFailure? error))
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
    private async ValueTask<PendingAnswer?> DriveAsync(IBufferWriter<byte>? answer)
    {
        try
        {
            do
            {
                CompleteCommand(await _pending.ConfigureAwait(false));
            }
            while (!Drive());
            End();
            answer?.Write(_answers.Written);
            Report();
            return null;
        }
        catch
        {
            _pool.Close();
            throw;
        }
    }

    private void CompleteCommand(StepFailure? error)
    {
        if (error is not null)
        {
            _run.Fail(error);
        }

        _recorder?.CommandCompleted(error);
        _run.StateMachine.Next(ok: error is null);
    }

    /// <summary>As <see cref="TryExecute"/>; what it throws fails the step, so that the run turns back, or is stuck where it does already.</summary>
    private bool TryExecuteSafely(out StepFailure? error)
    {
        try
        {
            return TryExecute(out error);
        }
#pragma warning disable CA1031 // A run that has begun has an end, whatever is thrown.
        catch (Exception exception) when (!IsOfJournal(exception))
#pragma warning restore CA1031
        {
            error = new StepFailure($"'{_run.StepReference}' threw {exception.GetType().Name}: {ExceptionText.MessageOf(exception)}", FailureCodes.Threw);
            return true;
        }
    }

    /// <summary>Carries out the machine's current command. False where <see cref="_pending"/> must be waited for.</summary>
    /// <param name="error">Null when it ended well, otherwise why not.</param>
    private bool TryExecute(out StepFailure? error)
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

                if (hook.Attempts == 1 && hook.TimeoutMs == 0 && environment.Journal is null && !_measuresHooks)
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
                error = (Describe("program", entered.Name, "cannot begin", _run.Slots.FindProblems(entered.Args)) ?? FindMissingKey(entered)) is { } wrong
                    ? StepFailure.OfArguments(wrong)
                    : null;
                return true;
            default:
                ProgramDefinition left = _run.Programs[step.Index];
                _run.Slots.ApplyDefaults(left.Outputs);
                error = Describe("program", left.Name, "did not give its outputs", _run.Slots.FindProblems(left.Outputs)) is { } missing
                    ? StepFailure.OfOutputs(missing)
                    : null;
                return true;
        }
    }

    /// <summary>Also writes the answer, since an output that cannot be written makes the run unsuccessful too.</summary>
    private StepFailure? CheckOutputs()
    {
        ProgramDefinition program = _run.Program;
        if (orchestrator.Interceptor?.CompleteProgram(program.Name, _run.Slots.RunId).Failure is { } failure)
        {
            return failure;
        }

        _run.Slots.ApplyDefaults(program.Outputs);
        string? wrong = Describe("program", program.Name, "did not give its outputs", _run.Slots.FindProblems(program.Outputs))
            ?? (_answers.TryWriteOutputs(_run, out string? problem) ? null : $"The outputs of the program '{program.Name}' cannot be written as JSON: {problem}");
        return wrong is null ? null : StepFailure.OfOutputs(wrong);
    }

    /// <summary>Leaves the answer in <see cref="_answers"/>. Nothing has been reported yet: the record comes first.</summary>
    private void End()
    {
        _hasSucceeded = _run.StateMachine.Command == RunCommand.Succeeded;
        if (!_hasSucceeded)
        {
            _run.Slots.ApplyDefaults(_run.Program.Outputs);
            _answers.WriteFailure(_run);
            KeepKeysIfStuck(_run.IsStuck, _run.Program.Name, _run.Slots.RunId);
        }

        _pool.Close();
    }

    /// <summary>Whether it is the journal that failed: others may throw its exception too.</summary>
    private bool IsOfJournal(Exception exception) => exception is JournalException && environment.Journal?.Fault is not null;

    /// <summary>Reports the outcome to those who observe: log, metrics, span. It stands by then, whatever is thrown here.</summary>
    private void Report()
    {
        try
        {
            ReportOutcome();
        }
#pragma warning disable CA1031 // A clock that throws, for one.
        catch (Exception)
#pragma warning restore CA1031
        {
            Instruments.CountDroppedLogEntry();
        }
    }

    private void ReportOutcome()
    {
        RunCommand outcome = _run.StateMachine.Command;
        if (_run.IsStuck)
        {
            (string cause, StepFailure why) = _run.Cause!.Value;
            RunLog.Stuck(_logger, _run.Program.Name, _run.Slots.RunId, cause, why.Message, _run.FailedReference!, _run.Error!, _run.NamesOf(_run.StateMachine.Rectified), _run.NamesOf(_run.Unrectified));
        }

        if (_logger.IsEnabled(LogLevel.Information))
        {
            RunLog.Ended(_logger, _run.Program.Name, _run.Slots.RunId, outcome.ToString(), _run.Slots.Elapsed.TotalMilliseconds, _run.Error);
        }

        _activity.End(_run);
    }

    private static string? Describe(string subject, string name, string what, string? problems) =>
        problems is null ? null : $"The {subject} '{name}' {what}: {problems}.";
}
