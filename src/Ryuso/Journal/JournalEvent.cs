namespace Ryuso;

/// <summary>What happened to a run. Together, in order, a run's events say where on its plan it stands.</summary>
public enum JournalEventKind
{
    /// <summary>The run was accepted: <see cref="JournalEvent.Accepted"/>, and the initial pool.</summary>
    RunAccepted,

    /// <summary>A step is about to start; its try, and the pool's changes so far.</summary>
    StepStarted,

    /// <summary>A step that had started ended well; what it changed in the pool.</summary>
    StepCompleted,

    /// <summary>A try failed and another follows.</summary>
    AttemptFailed,

    /// <summary>A step failed: from here on the run is rectified.</summary>
    CompensationStarted,

    /// <summary>The process ended during the run: from here on the run is rectified. The step, if any, is in doubt.</summary>
    RunInterrupted,

    /// <summary>The run is about to be taken up again after the process had ended: counted before it is tried.</summary>
    RecoveryStarted,

    /// <summary>The run ended: its status and its answer.</summary>
    RunFinished,

    /// <summary>An operator decided to try the failed rectifier again.</summary>
    RetryRequested,

    /// <summary>An operator decided to pass over the failed rectifier.</summary>
    SkipRequested,

    /// <summary>An operator closed the run as it stands.</summary>
    AbandonRequested,
}

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    /// <summary>Running; after the process has ended, to be recovered.</summary>
    Unfinished,

    /// <summary>Every step ran.</summary>
    Succeeded,

    /// <summary>A step failed and everything before it was reversed.</summary>
    Rectified,

    /// <summary>A rectifier failed: waits for an operator.</summary>
    Stuck,

    /// <summary>Was stuck; an operator passed over what could not be reversed, and the rest was.</summary>
    ResolvedWithSkips,

    /// <summary>Was stuck; an operator closed it as it stood.</summary>
    Abandoned,
}

/// <summary>One event of one run. Which members are set depends on <see cref="Kind"/>.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Time">When, in Unix milliseconds.</param>
public sealed record JournalEvent(string RunId, JournalEventKind Kind, long Time)
{
    /// <summary>What is known of a run from its beginning; with <see cref="JournalEventKind.RunAccepted"/> only.</summary>
    public RunAccepted? Accepted { get; init; }

    /// <summary>Which step: its position on the plan, on the way back <c>position/rectifier/inner position</c>.</summary>
    public string? Step { get; init; }

    /// <summary>The reference of the step's hook or program.</summary>
    public string? Reference { get; init; }

    /// <summary>Which try, from 1; 0 where the event is not about a try.</summary>
    public int Attempt { get; init; }

    /// <summary>Why it failed, or an operator's reason.</summary>
    public string? Text { get; init; }

    /// <summary>Who decided; with an operator's decisions only.</summary>
    public string? By { get; init; }

    /// <summary>How the run ended; with <see cref="JournalEventKind.RunFinished"/> only.</summary>
    public RunStatus Status { get; init; }

    /// <summary>JSON text: the variables that the pool gained or changed (null: lost) since the run's last event, or with <see cref="JournalEventKind.RunFinished"/> the answer.</summary>
    public string? Json { get; init; }
}

/// <summary>What is known of a run from its beginning.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="RequestHash">Tells equal requests; null where the caller gave no <c>run_id</c>.</param>
/// <param name="Plan">The plan that the run follows.</param>
/// <param name="StartedAt">The run's <c>_program_time_start</c>.</param>
public sealed record RunAccepted(string Program, string? RequestHash, JournaledPlan Plan, long StartedAt);

/// <summary>A plan as it is recorded, for all runs that follow it.</summary>
/// <param name="Fingerprint">Tells equal plans.</param>
/// <param name="Json">The plan as JSON text.</param>
public sealed record JournaledPlan(string Fingerprint, string Json);
