namespace Ryuso;

/// <summary>Everything that is known of the run in flight. One for each runner, reused from run to run.</summary>
internal sealed class RunState(SpecDefinition spec)
{
    private readonly List<int> _trace = [];

    public PoolSlots Slots { get; } = new(spec.Variables);

    public RunMachine Machine { get; } = new(spec.Hooks);

    public ProgramDefinition Program { get; private set; } = null!;

    /// <summary>What failed last: a reference string.</summary>
    public string? FailedReference { get; private set; }

    public string? Error { get; private set; }

    public bool DependencyFailed { get; private set; }

    public bool IsStuck => Machine.Command == CommandKind.Stuck;

    public HookDefinition[] Hooks => spec.Hooks;

    /// <summary>Hooks in the order in which they were entered.</summary>
    public IReadOnlyList<int> Trace => _trace;

    /// <summary>Hooks of completed steps with rectifiers that were not reversed, in the order in which they would have been.</summary>
    public IReadOnlyList<int> Unrectified => IsStuck ? [.. Machine.Completed.Reverse().Where(hook => Hooks[hook].Rectifiers.Length > 0)] : [];

    public void Begin(ProgramDefinition program, TimeProvider time)
    {
        Program = program;
        Slots.Begin(program.Name, time);
        _trace.Clear();
        FailedReference = null;
        Error = null;
        DependencyFailed = false;
    }

    public void Enter(int hook) => _trace.Add(hook);

    /// <summary>The machine's current command failed.</summary>
    public void Fail(string error)
    {
        LineStep step = Machine.Step;
        FailedReference = Machine.Command == CommandKind.CheckOutputs ? "programs." + Program.Name
            : step.Kind is StepKind.EnterHook or StepKind.InvokeHook ? spec.Hooks[step.Index].Reference
            : "programs." + spec.Programs[step.Index].Name;
        Error = error;
        DependencyFailed = step.IsDependency;
    }

    /// <summary>Hooks by their references, for people.</summary>
    public string Name(IEnumerable<int> hooks) => string.Join(", ", hooks.Select(hook => Hooks[hook].Reference));
}
