using System.Diagnostics;

namespace Ryuso;

/// <summary>What happened to a run. Together, in order, a run's events say where on its plan it stands.</summary>
public enum JournalEventKind
{
    /// <summary>The run was accepted, with its initial pool.</summary>
    RunAccepted,

    /// <summary>A step that can be reversed, or is tried again, is about to start.</summary>
    StepStarted,

    /// <summary>A step that had started ended well.</summary>
    StepCompleted,

    /// <summary>A try of a step failed and another follows.</summary>
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

/// <summary>One event of one run. Which members are set depends on <see cref="Kind"/>; each names the kinds that have it.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Time">When, in Unix milliseconds.</param>
[DebuggerDisplay("{RunId} {Kind} {Step} {Reference}")]
public sealed record JournalEvent(string RunId, JournalEventKind Kind, long Time)
{
    /// <summary>What is known when the run is accepted; with <see cref="JournalEventKind.RunAccepted"/>.</summary>
    public RunAccepted? Accepted { get; init; }

    /// <summary>
    /// Which step: its position on the plan, of a rectifier <c>position/rectifier/inner position</c>. With every event of a step, with
    /// <see cref="JournalEventKind.RunInterrupted"/> where a step is in doubt, and with <see cref="JournalEventKind.RunFinished"/> of a
    /// stuck run.
    /// </summary>
    public string? Step { get; init; }

    /// <summary>The spec's name of the step's hook or program (<c>hooks.NAME</c>, <c>programs.NAME</c>).</summary>
    public string? Reference { get; init; }

    /// <summary>
    /// Which try, from 1; with <see cref="JournalEventKind.StepStarted"/> and <see cref="JournalEventKind.AttemptFailed"/>, otherwise 0.
    /// </summary>
    public int Attempt { get; init; }

    /// <summary>
    /// Why it failed; with <see cref="JournalEventKind.AttemptFailed"/>, <see cref="JournalEventKind.CompensationStarted"/>,
    /// <see cref="JournalEventKind.RunInterrupted"/>, and <see cref="JournalEventKind.RunFinished"/> of a run that is no success.
    /// </summary>
    public string? Error { get; init; }

    /// <summary>As <see cref="Error"/>, for programs (<c>_error_code</c>); null where a version before codes recorded it.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>
    /// A JSON object of the variables that the pool gained or changed (null: lost) since the run's last event that has one; with
    /// <see cref="JournalEventKind.RunAccepted"/> the initial pool. Null where nothing changed.
    /// </summary>
    public string? PoolDelta { get; init; }

    /// <summary>How the run ended; with <see cref="JournalEventKind.RunFinished"/>.</summary>
    public RunStatus Status { get; init; }

    /// <summary>
    /// The answer as JSON text; with <see cref="JournalEventKind.RunFinished"/>, which may leave it out where the run has it (<see
    /// cref="JournaledRun.Answer"/>).
    /// </summary>
    public string? Answer { get; init; }

    /// <summary>Who decided; with an operator's decision.</summary>
    public string? By { get; init; }

    /// <summary>
    /// Why the operator decided so; with <see cref="JournalEventKind.SkipRequested"/> and <see cref="JournalEventKind.AbandonRequested"/>.
    /// </summary>
    public string? Reason { get; init; }

    /// <summary>Whether it is a decision of an operator.</summary>
    public bool IsDecision => Kind >= JournalEventKind.RetryRequested;
}

/// <summary>What is known of a run when it is accepted.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="RequestHash">Tells equal requests; null where the caller gave no <c>run_id</c>.</param>
/// <param name="Plan">The plan that the run follows.</param>
/// <param name="StartedAt">The run's <c>_program_time_start</c>, in Unix milliseconds.</param>
[DebuggerDisplay("{Program} {Plan.Fingerprint}")]
public sealed record RunAccepted(string Program, string? RequestHash, JournaledPlan Plan, long StartedAt)
{
    /// <summary>
    /// The run's keys: what it works on, so that only runs that share none go side by side. Null where its program has no key: the run is
    /// alone.
    /// </summary>
    public IReadOnlyList<string>? Keys { get; init; }
}

/// <summary>A plan as it is recorded, for all runs that follow it.</summary>
/// <param name="Fingerprint">Tells equal plans.</param>
/// <param name="Json">The plan as JSON text.</param>
[DebuggerDisplay("{Fingerprint}")]
public sealed record JournaledPlan(string Fingerprint, string Json);
