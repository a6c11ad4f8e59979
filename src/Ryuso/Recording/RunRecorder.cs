using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Runs;
using Ryuso.Values;

namespace Ryuso.Recording;

/// <summary>Records what one executor's runs do, and knows what must be durable before what.</summary>
/// <remarks>
/// For one run at a time, from its acceptance (or resumption) to its end:
/// <list type="bullet">
/// <item>the start of a step that can be reversed, and of every rectifier, is durable before its hook is called;</item>
/// <item>the pool as that step's rectifiers will see it is durable with it: what cannot be recorded fails the step before it starts;</item>
/// <item>the end of a step is appended before the next step starts, so that it is durable whenever that start is;</item>
/// <item>the outcome is appended once, and the answer leaves when its position is durable.</item>
/// </list>
/// </remarks>
internal sealed class RunRecorder(IJournal journal, Func<ProgramDefinition, JournaledPlan> planOf, RunState run, TimeProvider time)
{
    private readonly PoolDelta _pool = new(run.Slots);

    // Of the run's last event: what the next barrier waits for.
    private long _position;

    public IJournal Journal => journal;

    /// <summary>Whether a run was accepted or resumed and has no outcome yet.</summary>
    public bool IsRunOpen { get; private set; }

    /// <summary>How long the run has waited for barriers, in ticks of the stopwatch.</summary>
    public long JournalWait { get; set; }

    /// <summary>Takes what the last run's pool was away.</summary>
    public void Clear() => _pool.Reset();

    public void RunAccepted(string? requestHash, string[]? keys)
    {
        IsRunOpen = true;
        var accepted = new RunAccepted(run.Program.Name, requestHash, planOf(run.Program), run.Slots.StartedAt) { Keys = keys };
        Append(JournalEventKind.RunAccepted, isAtStep: false, accepted: accepted, poolDelta: _pool.Take());
    }

    /// <summary>Goes on with a run whose events up to now are in the journal, and whose pool they gave.</summary>
    public void RunResumed()
    {
        _pool.Take();
        IsRunOpen = true;
    }

    public void RecoveryStarted() => Append(JournalEventKind.RecoveryStarted, isAtStep: false);

    /// <summary>The barrier before a hook whose effects must be found again: one that can be reversed, or one on the way back.</summary>
    /// <returns>Why the step cannot start; null where it can.</returns>
    public async ValueTask<string?> StepStartingAsync(int attempt)
    {
        bool reversing = run.StateMachine.IsCompensating;
        bool reversible = run.Hooks[run.StateMachine.CurrentOp.Index].Rectifiers.Length > 0;
        if (!reversing && !reversible && attempt == 1)
        {
            return null;
        }

        string? changes = _pool.Take();
        if (!reversing && _pool.Problem is { } problem)
        {
            return problem;
        }

        Append(JournalEventKind.StepStarted, attempt: attempt, poolDelta: changes);
        if (reversing || reversible)
        {
            long began = Stopwatch.GetTimestamp();
            await journal.FlushAsync(_position, canWait: false).ConfigureAwait(false);
            JournalWait += Stopwatch.GetTimestamp() - began;
        }

        return null;
    }

    /// <summary>A try failed; another follows.</summary>
    public void AttemptFailed(int attempt, string error, string code) =>
        Append(JournalEventKind.AttemptFailed, attempt: attempt, error: error, errorCode: code, poolDelta: _pool.Take());

    /// <summary>The machine's current command ended. Call before the machine is told.</summary>
    public void CommandCompleted(StepFailure? error)
    {
        RunStateMachine machine = run.StateMachine;
        bool isHook = machine.Command == RunCommand.Execute && machine.CurrentOp.Kind == PlanOpKind.InvokeHook;
        if (error is null && isHook && (machine.IsCompensating || run.Hooks[machine.CurrentOp.Index].Rectifiers.Length > 0))
        {
            Append(JournalEventKind.StepCompleted, poolDelta: _pool.Take());
        }
        else if (error is not null && !machine.IsCompensating)
        {
            Append(JournalEventKind.CompensationStarted, reference: run.FailedReference, error: error.Message, errorCode: error.Code, poolDelta: _pool.Take());
        }
    }

    /// <summary>The process ended during the run. Call before the machine is told.</summary>
    public void RunInterrupted(bool inDoubt) =>
        Append(JournalEventKind.RunInterrupted, isAtStep: inDoubt, reference: run.FailedReference, error: run.Error, errorCode: run.ErrorCode);

    /// <summary>The run ended; its memory may be used again at once.</summary>
    /// <returns>The position up to which the journal must be durable before the answer may leave.</returns>
    public long RunFinished(string answer)
    {
        Debug.Assert(run.StateMachine.IsEnded, "A run has one outcome, at its end.");
        Append(
            JournalEventKind.RunFinished,
            isAtStep: run.IsStuck,
            error: run.Error,
            errorCode: run.ErrorCode,
            status: run.StateMachine.Command switch
            {
                RunCommand.Succeeded => RunStatus.Succeeded,
                RunCommand.Rectified => RunStatus.Rectified,
                RunCommand.ResolvedWithSkips => RunStatus.ResolvedWithSkips,
                _ => RunStatus.Stuck,
            },
            answer: answer);
        IsRunOpen = false;
        return _position;
    }

    /// <summary>A run that cannot be taken up is stuck as it is.</summary>
    /// <returns>As of <see cref="RunFinished"/>.</returns>
    public long RunCannotGoOn(JournaledRun recorded, string error)
    {
        IsRunOpen = false;
        JsonObject answer = new()
        {
            [ReservedNames.ProgramFail] = true,
            [ReservedNames.DependencyFail] = false,
            [ReservedNames.RectifierFail] = true,
            [ReservedNames.LastFailedProgram] = null,
            [ReservedNames.Error] = error,
            [ReservedNames.ErrorCode] = FailureCodes.Interrupted,
            [ReservedNames.Traceback] = new JsonArray(),
            [ReservedNames.Rectified] = new JsonArray(),
            [ReservedNames.Unrectified] = new JsonArray(),
            [ReservedNames.ProgramName] = recorded.Accepted.Program,
            [ReservedNames.ProgramTimeStart] = recorded.Accepted.StartedAt,
            [ReservedNames.RunId] = recorded.RunId,
        };
        return _position = journal.Append(new JournalEvent(recorded.RunId, JournalEventKind.RunFinished, time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            Status = RunStatus.Stuck,
            Error = error,
            ErrorCode = FailureCodes.Interrupted,
            Answer = Encoding.UTF8.GetString(JsonBytes.Of(answer)),
        });
    }

    private void Append(
        JournalEventKind kind,
        bool isAtStep = true,
        RunAccepted? accepted = null,
        string? reference = null,
        int attempt = 0,
        string? error = null,
        string? errorCode = null,
        string? poolDelta = null,
        RunStatus status = default,
        string? answer = null)
    {
        long position = journal.Append(new JournalEvent(run.Slots.RunId, kind, time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            Accepted = accepted,
            Step = isAtStep ? run.StateMachine.Id.ToString() : null,
            Reference = reference ?? (isAtStep ? run.StepReference : null),
            Attempt = attempt,
            Error = error,
            ErrorCode = errorCode,
            PoolDelta = poolDelta,
            Status = status,
            Answer = answer,
        });
        Debug.Assert(position > _position, "The journal gives each event a greater position than the one before.");
        _position = position;
    }
}
