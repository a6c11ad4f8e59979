using Ryuso.Spec.Planning;
using Ryuso.Spec.Validation;

namespace Ryuso.Spec.Flow;

/// <summary>
/// Walks the line of one program forward, and then its rectifiers as they would run after the last step: what no state of the pool can
/// hold there, it can hold nowhere. A hook without declared outputs may write anything, so that from there on little is certain.
/// </summary>
internal sealed class FlowWalk(ProblemList problems, Planner planner, FlowVariables variables, FlowPart[] programs, FlowPart[] hooks)
{
    private readonly FlowState _now = new(variables.Names);
    private readonly FlowState _ever = new(variables.Names);
    private readonly bool[] _read = new bool[variables.Count];
    private readonly bool[] _certain = new bool[variables.Count];
    private readonly List<FlowFinding> _findings = [];
    private readonly Stack<Part> _within = new();
    private Part _program = null!;
    private Edge? _via;

    /// <summary>Whether every hook on the line declares its outputs.</summary>
    private bool _isStrict;

    /// <summary>Whether a hook that may write anything has run.</summary>
    private bool _isOpen;

    public IReadOnlyList<FlowFinding> Findings => _findings;

    /// <summary>The names that the last program read.</summary>
    public IEnumerable<string> ReadNames => variables.Names.Where((_, i) => _read[i]);

    public bool IsRead(FlowArg arg) => _read[arg.Variable];

    public void Run(FlowPart program, EquatableArray<PlanStep> line)
    {
        Begin(program, isStrict: line.All(s => s.Kind != PlanStepKind.InvokeHook || hooks[s.Index].Outputs is not null));
        List<Part> reversible = Forward(program.Part, line);
        Leave(program, _now, _ever);
        Backward(reversible);
    }

    private void Begin(FlowPart program, bool isStrict)
    {
        _program = program.Part;
        _isStrict = isStrict;
        _isOpen = false;
        _via = null;
        _now.Clear();
        _ever.Clear();
        Array.Clear(_read, 0, _read.Length);
        Array.Clear(_certain, 0, _certain.Length);
        _within.Clear();
        _within.Push(program.Part);
        foreach (FlowArg arg in program.Args)
        {
            _now.Set(arg);
            _ever.Add(arg);
            _certain[arg.Variable] = arg.IsCertain;
            arg.IsProvided = true;
        }
    }

    /// <summary>The hooks that can be reversed, each once, in the order in which they last complete.</summary>
    private List<Part> Forward(Part program, EquatableArray<PlanStep> line)
    {
        Dictionary<Part, int> completed = [];
        int position = 0;
        int at = 0;
        foreach (Edge edge in program.Line)
        {
            _via = edge;
            for (int end = at + edge.To.Length; at < end; at++)
            {
                PlanStep step = line[at];
                if (step.Kind != PlanStepKind.InvokeHook)
                {
                    Step(step, _now, _ever);
                    continue;
                }

                // Its first time on the line is when the least is certain.
                FlowPart hook = hooks[step.Index];
                bool isReversible = hook.Part.Rectifiers.Count > 0;
                bool isNew = isReversible && !completed.ContainsKey(hook.Part);
                if (isNew && hook.Part.Hook!.RectifySelf)
                {
                    CheckCertain(hook.Part);
                }

                Step(step, _now, _ever);
                if (isNew)
                {
                    CheckCertain(hook.Part);
                }

                if (isReversible)
                {
                    completed[hook.Part] = position++;
                }
            }
        }

        _via = null;
        return [.. completed.OrderBy(c => c.Value).Select(c => c.Key)];
    }

    private void Backward(List<Part> reversible)
    {
        // What a rectifier can find only grows on the way back: to look at each part once is enough.
        HashSet<Part> once = [];
        for (int i = reversible.Count - 1; i >= 0; i--)
        {
            foreach (Edge edge in reversible[i].Rectifiers)
            {
                _via = edge;
                foreach (PlanStep step in planner.Flatten([edge], once))
                {
                    Step(step, _ever, _ever);
                }
            }
        }
    }

    private void Step(PlanStep step, FlowState now, FlowState ever)
    {
        switch (step.Kind)
        {
            case PlanStepKind.InvokeHook:
                Invoke(hooks[step.Index], now, ever);
                break;
            case PlanStepKind.EnterProgram:
                FlowPart entered = programs[step.Index];
                _within.Push(entered.Part);
                Pass(entered.Args, now, ever);
                break;
            case PlanStepKind.ExitProgram:
                Leave(programs[step.Index], now, ever);
                _within.Pop();
                break;
            default:
                break;
        }
    }

    private void Invoke(FlowPart hook, FlowState now, FlowState ever)
    {
        foreach (FlowArg arg in hook.Args)
        {
            Read(arg, now);
        }

        _isOpen |= hook.Outputs is null;
        foreach (FlowArg output in hook.Outputs ?? [])
        {
            ever.Add(output);
            _certain[output.Variable] |= output.IsCertain;
            if (output.IsCertain && now != ever)
            {
                now.Set(output);
            }
            else
            {
                now.Add(output);
            }
        }
    }

    /// <summary>A door of a program: its check and its defaults.</summary>
    private void Pass(FlowArg[] args, FlowState now, FlowState ever)
    {
        foreach (FlowArg arg in args)
        {
            Read(arg, now);
            if (arg.HasDefault)
            {
                now.Add(arg);
                ever.Add(arg);
                _certain[arg.Variable] = true;
            }
        }
    }

    private void Leave(FlowPart program, FlowState now, FlowState ever) => Pass(program.Outputs!, now, ever);

    private void Read(FlowArg arg, FlowState now)
    {
        _read[arg.Variable] = true;
        if (!now.MayHave(arg.Variable) && arg.IsNeeded && ((_isStrict && !_isOpen) || arg.IsEngineOwned))
        {
            Find(FlowFault.NotProvided, arg, null, problems.Suggest(arg.Name, variables.Names.Where((n, i) => now.MayHave(i) && !EngineNames.Contains(n))));
            now.Excuse(arg.Variable);
            return;
        }

        arg.IsProvided = true;
        if ((!_isOpen || arg.IsEngineOwned) && !now.MayBe(arg.Variable, arg.Type))
        {
            Find(FlowFault.OtherType, arg, now.Writer(arg.Variable), "");
            now.Excuse(arg.Variable);
        }

        _certain[arg.Variable] |= arg.IsNeeded;
    }

    /// <summary>Looks at the rectifiers of a hook as if the run failed now.</summary>
    private void CheckCertain(Part hook)
    {
        if (!_isStrict)
        {
            return;
        }

        HashSet<int> written = [];
        HashSet<Part> once = [];
        foreach (Edge edge in hook.Rectifiers)
        {
            foreach (PlanStep step in planner.Flatten([edge], once))
            {
                FlowArg[] reads = step.Kind == PlanStepKind.InvokeHook ? hooks[step.Index].Args : step.Kind == PlanStepKind.EnterProgram ? programs[step.Index].Args : [];
                foreach (FlowArg arg in reads.Where(a => a.IsNeeded && !_certain[a.Variable] && !written.Contains(a.Variable) && a.Name[0] != '_'))
                {
                    _findings.Add(new FlowFinding(FlowFault.MayLack, arg, null, _program, _within.Peek(), edge, ""));
                }

                if (step.Kind == PlanStepKind.InvokeHook && hooks[step.Index].Outputs is null)
                {
                    return;
                }

                IEnumerable<FlowArg> writes = step.Kind == PlanStepKind.InvokeHook ? hooks[step.Index].Outputs!.Where(o => o.IsCertain) : reads.Where(a => a.HasDefault);
                written.UnionWith(writes.Select(w => w.Variable));
            }
        }
    }

    private void Find(FlowFault fault, FlowArg reader, FlowArg? writer, string near) =>
        _findings.Add(new FlowFinding(fault, reader, writer, _program, _within.Peek(), _via, near));
}
