using System.Diagnostics;

namespace Ryuso;

/// <summary>How far a step got on the way forward.</summary>
public enum StepProgress
{
    /// <summary>The run did not get there, or has not yet.</summary>
    NotReached,

    /// <summary>
    /// Whether it ran is not recorded: a step without rectifiers leaves no record of its own, and nothing after it is recorded either.
    /// </summary>
    MayHaveRun,

    /// <summary>It has started and has no recorded end: it runs now, or the process ended during it.</summary>
    Started,

    /// <summary>It ended well.</summary>
    Ran,

    /// <summary>It failed, after all its tries.</summary>
    Failed,

    /// <summary>The process ended during it, and whether it had its effect is not known. Its rectifiers run first.</summary>
    InDoubt,
}

/// <summary>How far a step has been rectified.</summary>
public enum StepRectification
{
    /// <summary>There is nothing to rectify: it has no rectifiers, it did not complete, or the run is not going back.</summary>
    None,

    /// <summary>Its rectifiers are still to run, or run now, or one of them is what the run is stuck at.</summary>
    Pending,

    /// <summary>All its rectifiers have run.</summary>
    Rectified,

    /// <summary>An operator passed over one of its rectifiers at least.</summary>
    Skipped,

    /// <summary>An operator closed the run before: it will never be rectified.</summary>
    Abandoned,
}

/// <summary>How far one rectifier of a step got.</summary>
public enum RectifierProgress
{
    /// <summary>The step is not to be rectified.</summary>
    NotNeeded,

    /// <summary>It is still to run.</summary>
    Pending,

    /// <summary>It has started and has no recorded end.</summary>
    Started,

    /// <summary>It ended well.</summary>
    Completed,

    /// <summary>It failed, after all its tries: the run is stuck at it, or was when an operator closed it.</summary>
    Failed,

    /// <summary>An operator passed over it.</summary>
    Skipped,

    /// <summary>An operator closed the run before its turn: it will never run.</summary>
    Abandoned,
}

/// <summary>One step of a run's plan, and where it stands.</summary>
/// <param name="Number">Its number among the steps of the plan, from 1, as <c>ryuso plan</c> numbers them.</param>
/// <param name="Reference">The spec's name of its hook, <c>hooks.NAME</c>.</param>
/// <param name="Progress">How far it got on the way forward.</param>
/// <param name="Rectification">How far it has been rectified.</param>
[DebuggerDisplay("{Number} {Reference} {Progress} {Rectification}")]
public sealed record RunTimelineStep(int Number, string Reference, StepProgress Progress, StepRectification Rectification)
{
    /// <summary>Whether it runs as a dependency of a later step.</summary>
    public bool IsDependency { get; init; }

    /// <summary>How many tries are recorded; 0 where the step has no record of its own.</summary>
    public int Attempts { get; init; }

    /// <summary>Why its last try that failed did so; null where none did, or it ended well since.</summary>
    public string? Error { get; init; }

    /// <summary>When its first try started, in Unix milliseconds; null where that is not recorded.</summary>
    public long? StartedAt { get; init; }

    /// <summary>When it ended, in Unix milliseconds; null where that is not recorded.</summary>
    public long? EndedAt { get; init; }

    /// <summary>What reverses it, in the order in which it runs.</summary>
    public IReadOnlyList<RunTimelineRectifier> Rectifiers { get; init; } = [];
}

/// <summary>One rectifier of a step, and where it stands.</summary>
/// <param name="Reference">The spec's name of its hook or program (<c>hooks.NAME</c>, <c>programs.NAME</c>).</param>
/// <param name="Progress">How far it got.</param>
[DebuggerDisplay("{Reference} {Progress}")]
public sealed record RunTimelineRectifier(string Reference, RectifierProgress Progress)
{
    /// <summary>Which try is the last that was recorded, counted anew after an operator's retry; 0 where there was none.</summary>
    public int Attempts { get; init; }

    /// <summary>Why its last try that failed did so; null where none did, or it ended well since.</summary>
    public string? Error { get; init; }

    /// <summary>When its first try started, in Unix milliseconds; null where that is not recorded.</summary>
    public long? StartedAt { get; init; }

    /// <summary>When it ended, in Unix milliseconds; null where that is not recorded.</summary>
    public long? EndedAt { get; init; }
}
