namespace Ryuso;

/// <summary>Writes down what one orchestrator's runs do, and knows what must be durable before what.</summary>
internal sealed class RunRecorder(IJournal journal, SpecDefinition spec, RunState run, TimeProvider time)
{
    private readonly PoolChanges _pool = new(run.Slots);
    private readonly Dictionary<ProgramDefinition, JournaledPlan> _plans = [];

    /// <summary>Why nothing can be recorded any more; null while all is well.</summary>
    public JournalException? Fault { get; private set; }

    public string? Journal => journal.Id;

    public JournaledPlan PlanOf(ProgramDefinition program)
    {
        if (!_plans.TryGetValue(program, out JournaledPlan? plan))
        {
            _plans.Add(program, plan = RecordedPlan.Write(program, spec));
        }

        return plan;
    }

    public void Accepted(string? requestHash)
    {
        _pool.Reset();
        journal.Append(Event(JournalEventKind.Accepted) with
        {
            Accepted = new RunAccepted(run.Program.Name, requestHash, PlanOf(run.Program), run.Slots.StartedAt),
            Json = _pool.Take(),
        });
    }

    /// <summary>Goes on with a run whose events up to now are in the journal, and whose pool they gave.</summary>
    public void Resumed()
    {
        _pool.Reset();
        _pool.Take();
    }

    public void Recovering() => journal.Append(Event(JournalEventKind.Recovering));

    /// <summary>The barrier before a hook whose effects must be found again: one that can be reversed, or one on the way back.</summary>
    /// <returns>Why the step cannot start; null where it can.</returns>
    public async ValueTask<string?> StartingAsync(int attempt)
    {
        bool reversing = run.Machine.IsReversing;
        bool reversible = run.Hooks[run.Machine.Step.Index].Rectifiers.Length > 0;
        if (!reversing && !reversible && attempt == 1)
        {
            return null;
        }

        string? changes = _pool.Take();
        if (!reversing && _pool.Problem is { } problem)
        {
            return problem;
        }

        journal.Append(AtStep(JournalEventKind.Started) with { Attempt = attempt, Json = changes });
        if (reversing || reversible)
        {
            await FlushAsync(canWait: false).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>A try failed; another follows.</summary>
    public void Failed(int attempt, string error) => journal.Append(AtStep(JournalEventKind.Failed) with { Attempt = attempt, Text = error, Json = _pool.Take() });

    /// <summary>The machine's current command ended. Call before the machine is told.</summary>
    public void Ended(string? error)
    {
        RunMachine machine = run.Machine;
        bool isHook = machine.Command == CommandKind.Step && machine.Step.Kind == StepKind.InvokeHook;
        if (error is null && isHook && (machine.IsReversing || run.Hooks[machine.Step.Index].Rectifiers.Length > 0))
        {
            journal.Append(AtStep(JournalEventKind.Ended) with { Json = _pool.Take() });
        }
        else if (error is not null && !machine.IsReversing)
        {
            journal.Append(AtStep(JournalEventKind.Turned) with { Reference = run.FailedReference, Text = error, Json = _pool.Take() });
        }
    }

    /// <summary>The process ended during the run. Call before the machine is told.</summary>
    public void Interrupted(bool inDoubt) => journal.Append(
        (inDoubt ? AtStep(JournalEventKind.Interrupted) : Event(JournalEventKind.Interrupted)) with { Reference = run.FailedReference, Text = run.Error });

    /// <summary>Ends when the outcome is durable; the run's memory may be used again at once.</summary>
    public ValueTask FinishedAsync(string answer, bool canWait)
    {
        bool stuck = run.IsStuck;
        journal.Append((stuck ? AtStep(JournalEventKind.Finished) : Event(JournalEventKind.Finished)) with
        {
            Status = run.Machine.Command switch
            {
                CommandKind.Succeeded => RunStatus.Succeeded,
                CommandKind.Rectified => RunStatus.Rectified,
                CommandKind.Settled => RunStatus.Settled,
                _ => RunStatus.Stuck,
            },
            Text = run.Error,
            Json = answer,
        });
        return FlushAsync(canWait);
    }

    public async ValueTask<JournaledRun?> FindAsync(string runId)
    {
        try
        {
            return await journal.FindAsync(runId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (JournalException exception)
        {
            Fault ??= exception;
            throw;
        }
    }

    public async ValueTask FlushAsync(bool canWait)
    {
        try
        {
            await journal.FlushAsync(canWait).ConfigureAwait(false);
        }
        catch (JournalException exception)
        {
            Fault ??= exception;
            throw;
        }
    }

    private JournalEvent Event(JournalEventKind kind) => new(run.Slots.RunId, kind, time.GetUtcNow().ToUnixTimeMilliseconds());

    private JournalEvent AtStep(JournalEventKind kind) => Event(kind) with { Step = run.Machine.Id.ToString(), Reference = run.StepReference };
}
