using System.Diagnostics;

namespace Ryuso;

/// <summary>Writes down what one orchestrator's runs do, and knows what must be durable before what.</summary>
internal sealed class RunRecorder(IJournal journal, SpecDefinition spec, RunState run, TimeProvider time)
{
    private readonly PoolChanges _pool = new(run.Slots);
    private readonly Dictionary<ProgramDefinition, JournaledPlan> _plans = [];

    private long _appended;
    private long _durable;

    /// <summary>Why nothing can be recorded any more; null while all is well.</summary>
    public JournalException? Fault { get; private set; }

    public string? Journal => journal.Id;

    /// <summary>Up to where what was appended is known to be durable.</summary>
    public long Durable => Volatile.Read(ref _durable);

    /// <summary>How long the run has waited for barriers, in ticks of the stopwatch.</summary>
    public long Waited { get; set; }

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
        Append(Event(JournalEventKind.Accepted) with
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

    public void Recovering() => Append(Event(JournalEventKind.Recovering));

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

        Append(AtStep(JournalEventKind.Started) with { Attempt = attempt, Json = changes });
        if (reversing || reversible)
        {
            long began = Stopwatch.GetTimestamp();
            await FlushAsync(canWait: false).ConfigureAwait(false);
            Waited += Stopwatch.GetTimestamp() - began;
        }

        return null;
    }

    /// <summary>A try failed; another follows.</summary>
    public void Failed(int attempt, string error) => Append(AtStep(JournalEventKind.Failed) with { Attempt = attempt, Text = error, Json = _pool.Take() });

    /// <summary>The machine's current command ended. Call before the machine is told.</summary>
    public void Ended(string? error)
    {
        RunMachine machine = run.Machine;
        bool isHook = machine.Command == CommandKind.Step && machine.Step.Kind == StepKind.InvokeHook;
        if (error is null && isHook && (machine.IsReversing || run.Hooks[machine.Step.Index].Rectifiers.Length > 0))
        {
            Append(AtStep(JournalEventKind.Ended) with { Json = _pool.Take() });
        }
        else if (error is not null && !machine.IsReversing)
        {
            Append(AtStep(JournalEventKind.Turned) with { Reference = run.FailedReference, Text = error, Json = _pool.Take() });
        }
    }

    /// <summary>The process ended during the run. Call before the machine is told.</summary>
    public void Interrupted(bool inDoubt) => Append(
        (inDoubt ? AtStep(JournalEventKind.Interrupted) : Event(JournalEventKind.Interrupted)) with { Reference = run.FailedReference, Text = run.Error });

    /// <summary>The run ended; its memory may be used again at once.</summary>
    /// <returns>The position up to which the journal must be durable before the answer may leave.</returns>
    public long Finished(string answer)
    {
        bool stuck = run.IsStuck;
        Append((stuck ? AtStep(JournalEventKind.Finished) : Event(JournalEventKind.Finished)) with
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
        return _appended;
    }

    /// <summary>The position up to which the journal must be durable before the recorded answer of another run may leave.</summary>
    public long Known() => _appended;

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
        long position = Volatile.Read(ref _appended);
        try
        {
            await journal.FlushAsync(canWait).ConfigureAwait(false);
            if (position > Durable)
            {
                // Of two that end at once the lower may stay: too little is never too much.
                Volatile.Write(ref _durable, position);
            }
        }
        catch (JournalException exception)
        {
            Fault ??= exception;
            throw;
        }
    }

    private void Append(JournalEvent entry)
    {
        journal.Append(entry);
        Volatile.Write(ref _appended, _appended + 1);
    }

    private JournalEvent Event(JournalEventKind kind) => new(run.Slots.RunId, kind, time.GetUtcNow().ToUnixTimeMilliseconds());

    private JournalEvent AtStep(JournalEventKind kind) => Event(kind) with { Step = run.Machine.Id.ToString(), Reference = run.StepReference };
}
