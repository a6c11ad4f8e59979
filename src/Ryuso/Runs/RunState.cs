using Ryuso.Definitions;
using Ryuso.Pool;

namespace Ryuso.Runs;

/// <summary>Everything that is known of the run in flight. One for each runner, reused from run to run.</summary>
internal sealed class RunState(SpecDefinition spec)
{
    private readonly List<int> _trace = [];
    private StepFailure? _failure;

    public PoolSlots Slots { get; } = new(spec.Variables);

    public RunStateMachine StateMachine { get; } = new();

    public ProgramDefinition Program { get; private set; } = null!;

    /// <summary>What failed last: a reference string.</summary>
    public string? FailedReference { get; private set; }

    /// <summary>Why the run is no success; of one that was rectified, the first cause, whatever failed on the way back.</summary>
    public string? Error => Failure?.Message;

    /// <summary>As <see cref="Error"/>, for programs: <c>_error_code</c>.</summary>
    public string? ErrorCode => Failure?.Code;

    private StepFailure? Failure => StateMachine.Command == RunCommand.Rectified && Cause is { } cause ? cause.Failure : _failure;

    /// <summary>Why the run turned back, whatever failed on the way back since: what failed, and why. Null while it goes forward.</summary>
    public (string Reference, StepFailure Failure)? Cause { get; private set; }

    public bool DependencyFailed { get; private set; }

    public bool IsStuck => StateMachine.Command == RunCommand.Stuck;

    /// <summary>Whether an undoing failed, be it passed over since.</summary>
    public bool RectifierFailed => StateMachine.Command is RunCommand.Stuck or RunCommand.ResolvedWithSkips;

    /// <summary>The spec's hooks; for a recovered run whose plan has changed since, as that plan has them, those that the spec has no longer behind them.</summary>
    public HookDefinition[] Hooks { get; private set; } = spec.Hooks;

    /// <summary>As <see cref="Hooks"/>.</summary>
    public ProgramDefinition[] Programs { get; private set; } = spec.Programs;

    /// <summary>Hooks in the order in which they were entered.</summary>
    public IReadOnlyList<int> Trace => _trace;

    /// <summary>Hooks of completed steps with rectifiers that were not reversed, in the order in which they would have been.</summary>
    public IReadOnlyList<int> Unrectified => RectifierFailed
        ? [.. StateMachine.Skipped, .. StateMachine.Completed.Reverse().Where(hook => Hooks[hook].Rectifiers.Length > 0)]
        : [];

    /// <summary>The reference of what the machine's current command runs.</summary>
    public string StepReference => StateMachine.Command == RunCommand.CheckOutputs ? "programs." + Program.Name
        : ReferenceOf(StateMachine.CurrentOp);

    public string ReferenceOf(PlanOp step) =>
        step.Kind is PlanOpKind.EnterHook or PlanOpKind.InvokeHook ? Hooks[step.Index].Reference : "programs." + Programs[step.Index].Name;

    public void Begin(ProgramDefinition program, TimeProvider time)
    {
        Program = program;
        Hooks = spec.Hooks;
        Programs = spec.Programs;
        Slots.Begin(program.Name, time);
        _trace.Clear();
        FailedReference = null;
        _failure = null;
        Cause = null;
        DependencyFailed = false;
    }

    /// <summary>Takes up a recorded run under the plan with which it was accepted.</summary>
    /// <param name="recorded">The run.</param>
    /// <param name="program">The program, with the plan of that time.</param>
    /// <param name="hooks">The hooks that the plan's indices mean.</param>
    /// <param name="programs">The programs that the plan's indices mean.</param>
    /// <param name="time">The clock.</param>
    public void Resume(JournaledRun recorded, ProgramDefinition program, HookDefinition[] hooks, ProgramDefinition[] programs, TimeProvider time)
    {
        Slots.Clear();
        Begin(program, time);
        Slots.Start(time.GetTimestamp());
        Slots.Resume(recorded.RunId, recorded.Accepted.StartedAt);
        Hooks = hooks;
        Programs = programs;
    }

    /// <summary>Whether the spec as it is now has the hook or program of a recorded step.</summary>
    public bool Exists(PlanOp step) =>
        step.Index < (step.Kind is PlanOpKind.EnterHook or PlanOpKind.InvokeHook ? spec.Hooks.Length : spec.Programs.Length);

    public void Enter(int hook) => _trace.Add(hook);

    /// <summary>The machine's current command failed.</summary>
    public void Fail(StepFailure failure) => Fail(StepReference, failure, StateMachine.CurrentOp.IsDependency);

    public void Fail(string reference, StepFailure failure, bool isDependency)
    {
        FailedReference = reference;
        _failure = failure;
        Cause ??= (reference, failure);
        DependencyFailed = isDependency;
    }

    /// <summary>Hooks by their references, for people.</summary>
    public string NamesOf(IEnumerable<int> hooks) => string.Join(", ", hooks.Select(hook => Hooks[hook].Reference));
}
