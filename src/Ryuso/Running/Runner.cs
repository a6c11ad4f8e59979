using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Carries out what <see cref="RunMachine"/> decides: checks, calls hooks, waits, logs. One run at a time, so everything but the pool object is reused.</summary>
internal sealed partial class Runner(Orchestrator orchestrator, SpecDefinition spec, ILogger logger, TimeProvider time)
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

    /// <summary>Whether a request that is a run and nothing else needs no more than <see cref="RunReadAsync"/>.</summary>
    public bool RunsPlainly => _recorder is null && orchestrator.Scopes is null;

    /// <summary>Records every run from now on.</summary>
    public void Record(IJournal journal) => _recorder = new RunRecorder(journal, spec, _run, time);

    /// <summary>The journal's <see cref="IJournal.Id"/>; null where runs are not recorded.</summary>
    public string? Journal => _recorder?.Journal;

    /// <summary>Reads one request object, runs it and writes its answer; a rejection where nothing runs.</summary>
    /// <returns>Null once the answer is written; with a journal nothing is written, and the answer is to leave when it is durable, which the lane need not wait for.</returns>
    public ValueTask<RecordedAnswer?> RunAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer) =>
        orchestrator.Scopes is null ? RunUnscopedAsync(request, answer) : RunInScopeAsync(orchestrator.Scopes, request, answer);

    private async ValueTask<RecordedAnswer?> RunInScopeAsync(IServiceScopeFactory scopes, ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            orchestrator.Use(scope.ServiceProvider);
            return await RunUnscopedAsync(request, answer).ConfigureAwait(false);
        }
    }

    private ValueTask<RecordedAnswer?> RunUnscopedAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer)
    {
        _run.Slots.Clear();
        if (RequestReader.Read(request.Span, _run.Slots, _programs, out int program, out string? unknown) is { } problem)
        {
            if (_recorder is not null)
            {
                return new ValueTask<RecordedAnswer?>(RecordedAnswer.Rejected(Rejection.BadRequest, problem));
            }

            Rejection.Write(answer, Rejection.BadRequest, problem);
            return default;
        }

        return _recorder is not null ? RunRecordedAsync(_recorder, program, unknown) : RunReadAsync(program, unknown, answer);
    }

    /// <summary>Reads the request that the bytes begin with, where it is a plain one, so that it is looked at once; then <see cref="RunReadAsync"/> runs it.</summary>
    /// <param name="bytes">Begin with a request; it need not be whole.</param>
    /// <param name="head">What of it concerns others.</param>
    public bool TryRead(ReadOnlySpan<byte> bytes, out PlainHead head)
    {
        _run.Slots.Clear();
        var plain = new PlainRequest(bytes, _run.Slots);
        if (!plain.TryRead(_programs) || !plain.IsOnlyRun || !Utf8.IsValid(bytes[..plain.Length]))
        {
            head = default;
            return false;
        }

        head = new PlainHead(plain.Length, plain.Program, plain.Id);
        return true;
    }

    /// <summary>Runs the request that has been read into the slots.</summary>
    /// <param name="program">The program's index; -1 for one that is unknown.</param>
    /// <param name="unknown">The name of an unknown program.</param>
    /// <param name="answer">Where the answer goes.</param>
    /// <param name="now">What the stopwatch has just shown, where the caller has looked: looking again costs as much as a step. 0 where it has not.</param>
    public ValueTask<RecordedAnswer?> RunReadAsync(int program, string? unknown, IBufferWriter<byte> answer, long now = 0)
    {
        if (Refuse(program, unknown, now) is (string code, string message))
        {
            Rejection.Write(answer, code, message);
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

    /// <summary>Gets a run ready to begin; says why it cannot, null where it can.</summary>
    private (string Code, string Message)? Refuse(int index, string? unknown, long now = 0)
    {
        if (index < 0)
        {
            return (Rejection.UnknownProgram, $"There is no program '{unknown}'. {Nearest.Suggest(unknown!, spec.Programs.Select(p => p.Name))}");
        }

        PoolSlots slots = _run.Slots;
        ProgramDefinition program = spec.Programs[index];
        _run.Begin(program, time, now != 0 && time == TimeProvider.System ? now : time.GetTimestamp());
        slots.Fill(program.Args);
        return slots.Check(program.Args) is { } wrong ? (Rejection.InvalidArguments, $"The program '{program.Name}' cannot run: {wrong}.") : null;
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
    private async ValueTask<RecordedAnswer?> DriveAsync(IBufferWriter<byte> answer)
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
                error = CheckArguments(hook);
                if (error is not null)
                {
                    return true;
                }

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
            (string cause, string why) = _run.Cause!.Value;
            RunLog.Stuck(logger, _run.Program.Name, _run.Slots.RunId, cause, why, _run.FailedReference!, _run.Error!, _run.Name(_run.Machine.Rectified), _run.Name(_run.Unrectified));
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
