using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Runs;

namespace Ryuso.Recording;

/// <summary>
/// Brings a run's memory back to where its recorded events say that it stood, by telling the same machine what was recorded.
/// </summary>
internal sealed class RunReplay
{
    /// <summary>How often the process may end at one and the same step before the run is stuck.</summary>
    public const int MaxProcessEnds = 3;

    private readonly RunState _run;
    private bool _inFlight;

    // How often the run was taken up since it last got any further, and whether the step was tried before the first time.
    private int _recoveries;
    private bool _wasTriedBefore;
    private StepFailure? _lastFailure;

    private RunReplay(RunState run) => _run = run;

    /// <summary>How many tries of the machine's current step were recorded as started.</summary>
    public int Attempts { get; private set; }

    /// <summary>
    /// How often the process ended at the step at which the machine stands: when it was first tried, and each time the run was taken up
    /// there.
    /// </summary>
    public int ProcessEnds => _recoveries + (_wasTriedBefore ? 1 : 0);

    /// <summary>Whether the way back was decided before the process ended.</summary>
    public bool IsDecided { get; private set; }

    /// <summary>Why the step at which the machine stands is known to have failed; null where that is not known.</summary>
    public StepFailure? KnownFailure => _inFlight ? null : _lastFailure;

    /// <summary>Whether the step at which the machine stands had started, can be reversed and has no recorded end.</summary>
    public bool IsInDoubt => _inFlight && _run.Hooks[_run.StateMachine.CurrentOp.Index].Rectifiers.Length > 0;

    /// <exception cref="JournalException">The events do not fit their plan.</exception>
    public static RunReplay Of(JournaledRun recorded, RunState run)
    {
        run.StateMachine.Start(run.Program.Plan, run.Hooks);
        var replay = new RunReplay(run);
        try
        {
            foreach (JournalEvent entry in recorded.Events)
            {
                replay.Apply(entry);
            }
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidCastException or ArgumentException)
        {
            throw new JournalException($"The journal's events of the run '{recorded.RunId}' cannot be read; the file was changed by hand or is damaged.", exception);
        }

        return replay;
    }

    private void Apply(JournalEvent entry)
    {
        if (entry.PoolDelta is not null)
        {
            Restore(entry.PoolDelta);
        }

        if (entry.Step is not null)
        {
            Advance(entry);
        }

        RunStateMachine machine = _run.StateMachine;
        switch (entry.Kind)
        {
            case JournalEventKind.StepStarted:
                if (entry.Attempt > 1)
                {
                    _run.Enter(machine.CurrentOp.Index);
                }

                Attempts = entry.Attempt;
                _inFlight = true;
                _wasTriedBefore |= _recoveries == 0;
                break;
            case JournalEventKind.AttemptFailed:
                _inFlight = false;
                _lastFailure = FailureOf(entry);
                break;
            case JournalEventKind.StepCompleted:
                Move();
                ResetProcessEnds();
                break;
            case JournalEventKind.CompensationStarted:
                ThrowIf(machine.IsCompensating || machine.IsEnded, entry);
                _run.Fail(FailureOf(entry));
                machine.Next(ok: false);
                CompensationStarted();
                break;
            case JournalEventKind.RunInterrupted:
                ThrowIf(machine.IsCompensating || machine.IsEnded, entry);
                _run.Fail(entry.Reference!, FailureOf(entry), isDependency: entry.Step is not null && machine.CurrentOp.IsDependency);
                machine.Interrupt(inDoubt: entry.Step is not null);
                CompensationStarted();
                break;
            case JournalEventKind.RunFinished:
                _run.Fail(FailureOf(entry));
                _inFlight = false;
                break;
            case JournalEventKind.RecoveryStarted:
                _recoveries++;
                break;
            case JournalEventKind.RetryRequested:
                NextRecovery();
                break;
            case JournalEventKind.SkipRequested:
                ThrowIf(!machine.Id.IsRectifying, entry);
                machine.Skip();
                NextRecovery();
                break;
        }
    }

    /// <summary>A run that an older version recorded has no codes.</summary>
    private static StepFailure FailureOf(JournalEvent entry) => new(entry.Error!, entry.ErrorCode ?? FailureCodes.Failed);

    /// <summary>A record that asks the machine for a move that it does not have is refused in words.</summary>
    private static void ThrowIf(bool isIllegal, JournalEvent entry)
    {
        if (isIllegal)
        {
            throw new JournalException(
                $"The journal says {entry.Kind} of the run '{entry.RunId}' where its plan does not allow it; a skip needs a rectifier that failed, anything else a file that was changed by hand or is damaged.");
        }
    }

    private void Restore(string json)
    {
        foreach ((string name, JsonNode? value) in (JsonObject)JsonNode.Parse(json, documentOptions: JsonDepth.Reading)!)
        {
            _run.Slots.SetNode(name, value?.DeepClone());
        }
    }

    /// <summary>What lies between two recorded steps ended well, or the second could not have been reached.</summary>
    private void Advance(JournalEvent entry)
    {
        StepId target = StepId.Parse(entry.Step!);
        while (_run.StateMachine.Id != target)
        {
            if (_run.StateMachine.IsEnded)
            {
                throw new JournalException($"The journal says that the run '{entry.RunId}' was at step {entry.Step}, which its plan does not have; the file was changed by hand or is damaged.");
            }

            if (_run.StateMachine.Command == RunCommand.Execute && _run.StateMachine.CurrentOp.Kind == PlanOpKind.EnterHook)
            {
                _run.Enter(_run.StateMachine.CurrentOp.Index);
            }

            Move();
        }
    }

    private void Move()
    {
        _run.StateMachine.Next(ok: true);
        Attempts = 0;
        _inFlight = false;
        _lastFailure = null;
    }

    private void CompensationStarted()
    {
        IsDecided = true;
        Attempts = 0;
        _inFlight = false;
        _lastFailure = null;
        ResetProcessEnds();
    }

    private void NextRecovery()
    {
        Attempts = 0;
        ResetProcessEnds();
        _lastFailure = null;
    }

    private void ResetProcessEnds()
    {
        _recoveries = 0;
        _wasTriedBefore = false;
    }
}
