using System.Diagnostics;
using Ryuso.Definitions;
using Ryuso.Runs;

namespace Ryuso.Recording;

/// <summary>Writes down what one orchestrator's runs do, and knows what must be durable before what.</summary>
internal sealed class RunRecorder(IJournal journal, SpecDefinition spec, RunState run, TimeProvider time)
{
    private readonly PoolDelta _pool = new(run.Slots);
    private readonly Dictionary<ProgramDefinition, JournaledPlan> _plans = [];

    // Of the run's last event: what the next barrier waits for.
    private long _position;

    public IJournal Journal => journal;

    /// <summary>How long the run has waited for barriers, in ticks of the stopwatch.</summary>
    public long JournalWait { get; set; }

    public JournaledPlan PlanOf(ProgramDefinition program)
    {
        if (!_plans.TryGetValue(program, out JournaledPlan? plan))
        {
            _plans.Add(program, plan = RecordedPlan.Write(program, spec));
        }

        return plan;
    }

    public void RunAccepted(string? requestHash)
    {
        _pool.Reset();
        Append(Event(JournalEventKind.RunAccepted) with
        {
            Accepted = new RunAccepted(run.Program.Name, requestHash, PlanOf(run.Program), run.Slots.StartedAt),
            PoolDelta = _pool.Take(),
        });
    }

    /// <summary>Goes on with a run whose events up to now are in the journal, and whose pool they gave.</summary>
    public void RunResumed()
    {
        _pool.Reset();
        _pool.Take();
    }

    public void RecoveryStarted() => Append(Event(JournalEventKind.RecoveryStarted));

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

        Append(AtStep(JournalEventKind.StepStarted) with { Attempt = attempt, PoolDelta = changes });
        if (reversing || reversible)
        {
            long began = Stopwatch.GetTimestamp();
            await journal.FlushAsync(_position, canWait: false).ConfigureAwait(false);
            JournalWait += Stopwatch.GetTimestamp() - began;
        }

        return null;
    }

    /// <summary>A try failed; another follows.</summary>
    public void AttemptFailed(int attempt, string error) => Append(
        AtStep(JournalEventKind.AttemptFailed) with { Attempt = attempt, Error = error, PoolDelta = _pool.Take() });

    /// <summary>The machine's current command ended. Call before the machine is told.</summary>
    public void CommandCompleted(string? error)
    {
        RunStateMachine machine = run.StateMachine;
        bool isHook = machine.Command == RunCommand.Execute && machine.CurrentOp.Kind == PlanOpKind.InvokeHook;
        if (error is null && isHook && (machine.IsCompensating || run.Hooks[machine.CurrentOp.Index].Rectifiers.Length > 0))
        {
            Append(AtStep(JournalEventKind.StepCompleted) with { PoolDelta = _pool.Take() });
        }
        else if (error is not null && !machine.IsCompensating)
        {
            Append(AtStep(JournalEventKind.CompensationStarted) with
            {
                Reference = run.FailedReference,
                Error = error,
                PoolDelta = _pool.Take(),
            });
        }
    }

    /// <summary>The process ended during the run. Call before the machine is told.</summary>
    public void RunInterrupted(bool inDoubt) => Append(
        (inDoubt ? AtStep(JournalEventKind.RunInterrupted) : Event(JournalEventKind.RunInterrupted)) with
        {
            Reference = run.FailedReference,
            Error = run.Error,
        });

    /// <summary>The run ended; its memory may be used again at once.</summary>
    /// <returns>The position up to which the journal must be durable before the answer may leave.</returns>
    public long RunFinished(string answer)
    {
        bool stuck = run.IsStuck;
        Append((stuck ? AtStep(JournalEventKind.RunFinished) : Event(JournalEventKind.RunFinished)) with
        {
            Status = run.StateMachine.Command switch
            {
                RunCommand.Succeeded => RunStatus.Succeeded,
                RunCommand.Rectified => RunStatus.Rectified,
                RunCommand.ResolvedWithSkips => RunStatus.ResolvedWithSkips,
                _ => RunStatus.Stuck,
            },
            Error = run.Error,
            Answer = answer,
        });
        return _position;
    }

    private void Append(JournalEvent entry) => _position = journal.Append(entry);

    private JournalEvent Event(JournalEventKind kind) => new(run.Slots.RunId, kind, time.GetUtcNow().ToUnixTimeMilliseconds());

    private JournalEvent AtStep(JournalEventKind kind) => Event(kind) with { Step = run.StateMachine.Id.ToString(), Reference = run.StepReference };
}
