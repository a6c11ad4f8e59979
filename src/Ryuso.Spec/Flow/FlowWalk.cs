using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Flow;

/// <summary>
/// Walks the line of one program forward, and then its rectifiers as they would run after the last step: what no state of the pool can
/// hold there, it can hold nowhere. A hook without declared outputs may write anything, so that from there on little is certain.
/// </summary>
internal sealed class FlowWalk(ProblemList problems, Planner planner, FlowVariables variables, FlowItem[] programs, FlowItem[] hooks)
{
    private readonly FlowState _now = new(variables.Names);
    private readonly FlowState _ever = new(variables.Names);
    private readonly bool[] _read = new bool[variables.Count];
    private readonly bool[] _certain = new bool[variables.Count];
    private readonly List<FlowFinding> _findings = [];
    private readonly Stack<SpecItem> _within = new();
    private SpecItem _program = null!;
    private ItemReference? _via;

    /// <summary>Whether every hook on the line declares its outputs.</summary>
    private bool _isStrict;

    /// <summary>Whether a hook that may write anything has run.</summary>
    private bool _isOpen;

    public IReadOnlyList<FlowFinding> Findings => _findings;

    /// <summary>The names that the last program read.</summary>
    public IEnumerable<string> ReadNames => variables.Names.Where((_, i) => _read[i]);

    public bool IsRead(FlowArg arg) => _read[arg.Variable];

    public void Run(FlowItem program, EquatableArray<PlanOp> line)
    {
        Begin(program, isStrict: line.All(s => s.Kind != PlanOpKind.InvokeHook || hooks[s.Index].Outputs is not null));
        List<SpecItem> reversible = Forward(program.Part, line);
        Leave(program, _now, _ever);
        Backward(reversible);
    }

    private void Begin(FlowItem program, bool isStrict)
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
    private List<SpecItem> Forward(SpecItem program, EquatableArray<PlanOp> line)
    {
        Dictionary<SpecItem, int> completed = [];
        int position = 0;
        int at = 0;
        foreach (ItemReference edge in program.Line)
        {
            _via = edge;
            for (int end = at + edge.To.Length; at < end; at++)
            {
                PlanOp step = line[at];
                if (step.Kind != PlanOpKind.InvokeHook)
                {
                    Step(step, _now, _ever);
                    continue;
                }

                // Its first time on the line is when the least is certain.
                FlowItem hook = hooks[step.Index];
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

    private void Backward(List<SpecItem> reversible)
    {
        // What a rectifier can find only grows on the way back: to look at each part once is enough.
        HashSet<SpecItem> once = [];
        for (int i = reversible.Count - 1; i >= 0; i--)
        {
            foreach (ItemReference edge in reversible[i].Rectifiers)
            {
                _via = edge;
                foreach (PlanOp step in planner.Flatten([edge], once))
                {
                    Step(step, _ever, _ever);
                }
            }
        }
    }

    private void Step(PlanOp step, FlowState now, FlowState ever)
    {
        switch (step.Kind)
        {
            case PlanOpKind.InvokeHook:
                Invoke(hooks[step.Index], now, ever);
                break;
            case PlanOpKind.EnterProgram:
                FlowItem entered = programs[step.Index];
                _within.Push(entered.Part);
                Pass(entered.Args, now, ever);
                break;
            case PlanOpKind.ExitProgram:
                Leave(programs[step.Index], now, ever);
                _within.Pop();
                break;
            default:
                break;
        }
    }

    private void Invoke(FlowItem hook, FlowState now, FlowState ever)
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

    private void Leave(FlowItem program, FlowState now, FlowState ever) => Pass(program.Outputs!, now, ever);

    private void Read(FlowArg arg, FlowState now)
    {
        _read[arg.Variable] = true;
        if (!now.MayHave(arg.Variable) && (arg.IsEngineOwned || (arg.IsNeeded && _isStrict && !_isOpen)))
        {
            Find(FlowFault.NotProvided, arg, null, problems.Suggest(arg.Name, variables.Names.Where((n, i) => now.MayHave(i) && !ReservedNames.Contains(n))));
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
    private void CheckCertain(SpecItem hook)
    {
        if (!_isStrict)
        {
            return;
        }

        HashSet<int> written = [];
        HashSet<SpecItem> once = [];
        foreach (ItemReference edge in hook.Rectifiers)
        {
            foreach (PlanOp step in planner.Flatten([edge], once))
            {
                FlowArg[] reads = step.Kind == PlanOpKind.InvokeHook ? hooks[step.Index].Args : step.Kind == PlanOpKind.EnterProgram ? programs[step.Index].Args : [];
                foreach (FlowArg arg in reads.Where(a => a.IsNeeded && !_certain[a.Variable] && !written.Contains(a.Variable) && a.Name[0] != '_'))
                {
                    _findings.Add(new FlowFinding(FlowFault.MayLack, arg, null, _program, _within.Peek(), edge, ""));
                }

                if (step.Kind == PlanOpKind.InvokeHook && hooks[step.Index].Outputs is null)
                {
                    return;
                }

                IEnumerable<FlowArg> writes = step.Kind == PlanOpKind.InvokeHook ? hooks[step.Index].Outputs!.Where(o => o.IsCertain) : reads.Where(a => a.HasDefault);
                written.UnionWith(writes.Select(w => w.Variable));
            }
        }
    }

    private void Find(FlowFault fault, FlowArg reader, FlowArg? writer, string near) =>
        _findings.Add(new FlowFinding(fault, reader, writer, _program, _within.Peek(), _via, near));
}
