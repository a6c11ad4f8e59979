using System.Diagnostics;
using System.Globalization;
using Ryuso.Definitions;

namespace Ryuso.Runs;

/// <summary>What the executor is to do next; from <see cref="Succeeded"/> on, how the run ended.</summary>
internal enum RunCommand
{
    /// <summary>Carry out <see cref="RunStateMachine.CurrentOp"/>.</summary>
    Execute,

    /// <summary>Apply the outermost program's output defaults and check its outputs.</summary>
    CheckOutputs,

    /// <summary>Every step ran and the outputs are as declared.</summary>
    Succeeded,

    /// <summary>A step failed and every completed step was compensated.</summary>
    Rectified,

    /// <summary>A rectifier failed; nothing more is touched.</summary>
    Stuck,

    /// <summary>An operator skipped what could not be compensated, and the rest was.</summary>
    ResolvedWithSkips,
}

/// <summary>
/// Which step of a run: a position of the program's plan, or during the compensation of the step at that position
/// a position of the plan of one of its rectifiers. The same run has the same ids whenever it is run or recovered.
/// </summary>
/// <param name="Position">The position in the program's plan.</param>
/// <param name="Rectifier">Which rectifier of the step at that position; -1 on the way forward.</param>
/// <param name="Inner">The position in the rectifier's plan.</param>
internal readonly record struct StepId(int Position, int Rectifier = -1, int Inner = 0)
{
    public bool IsRectifying => Rectifier >= 0;

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    /// <exception cref="FormatException">The text is no id.</exception>
    public static StepId Parse(string text)
    {
        int[] parts = [.. text.Split('/').Select(part => int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture))];
        return parts.Length switch
        {
            1 => new StepId(parts[0]),
            3 => new StepId(parts[0], parts[1], parts[2]),
            _ => throw new FormatException(text),
        };
    }

    public override string ToString() => IsRectifying ? $"{Position}/{Rectifier}/{Inner}" : $"{Position}";
}

/// <summary>
/// Decides what comes next in a plan, forward and backward. Pure: no clock, no I/O, no task.
/// Carry out the current command, then report to <see cref="Next"/> how it ended.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Direction, command</term><description>Legal moves</description></listheader>
/// <item><term>forward, Execute</term><description>
/// Next(ok) → forward at the next position; Next(failed) → compensating, with this step where it has <c>rectify_self</c>;
/// Interrupt(not in doubt) → compensating; Interrupt(in doubt) → compensating, this step first.</description></item>
/// <item><term>forward, CheckOutputs</term><description>Next(ok) → Succeeded; Next(failed), Interrupt(not in doubt) → compensating.</description></item>
/// <item><term>compensating, Execute</term><description>
/// Next(ok) → the next step of the rectifier, the next rectifier, the completed step before, at last Rectified or ResolvedWithSkips;
/// Next(failed) → Stuck; Skip → the next rectifier.</description></item>
/// <item><term>compensating, Stuck</term><description>None. A decision of an operator starts a new machine, which replays the run up to here.</description></item>
/// <item><term>Succeeded, Rectified, ResolvedWithSkips</term><description>None.</description></item>
/// </list>
/// <para>
/// The run never turns back to forward. Completed steps are compensated last first, each when all its rectifiers have ended,
/// and every completed step with rectifiers ends up in exactly one of <see cref="Completed"/>, <see cref="Rectified"/> and <see cref="Skipped"/>.
/// </para>
/// </remarks>
[DebuggerDisplay("{Command} at {Id} of {_plan.Length}")]
internal sealed class RunStateMachine
{
    // Positions of completed steps, those without rectifiers included; the last is compensated first.
    private readonly List<int> _completed = [];
    private readonly List<int> _rectified = [];
    private readonly List<int> _skipped = [];
    private HookDefinition[] _hooks = [];
    private PlanOp[] _plan = [];
    private PlanOp _currentOp;
    private int _position;
    private bool _isCompensating;
    private int _rectifier;
    private int _inner;
    private int _positionInDoubt;
    private bool _hasSkipped;

    /// <summary>What is to be done now.</summary>
    public RunCommand Command { get; private set; }

    /// <summary>The step of a command of the kind <see cref="RunCommand.Execute"/>.</summary>
    public ref readonly PlanOp CurrentOp => ref _currentOp;

    /// <summary>The id of the current step.</summary>
    public StepId Id => _isCompensating && _completed.Count > 0 ? new StepId(_completed[^1], _rectifier, _inner) : new StepId(_position);

    /// <summary>Whether the run goes back, or has gone back.</summary>
    public bool IsCompensating => _isCompensating;

    /// <summary>Whether the step that is being compensated may not have happened.</summary>
    public bool IsInDoubt => _isCompensating && _completed.Count > 0 && _completed[^1] == _positionInDoubt;

    /// <summary>Whether <see cref="Command"/> is an outcome.</summary>
    public bool IsEnded => Command >= RunCommand.Succeeded;

    /// <summary>Hooks of completed steps that are not compensated yet, in order of completion.</summary>
    public IEnumerable<int> Completed => _completed.Select(position => _plan[position].Index);

    /// <summary>Positions of completed steps that are not compensated yet, in order of completion.</summary>
    public IReadOnlyList<int> CompletedPositions => _completed;

    /// <summary>Where the run stands on the way forward, or stood when it turned back.</summary>
    public int ForwardPosition => _position;

    /// <summary>Hooks of the steps that were compensated, in that order.</summary>
    public IReadOnlyList<int> Rectified => _rectified;

    /// <summary>Hooks of steps of which an operator skipped a rectifier, in that order.</summary>
    public IReadOnlyList<int> Skipped => _skipped;

    /// <summary>Begins a run; nothing of the run before is left.</summary>
    /// <param name="plan">The program's plan.</param>
    /// <param name="hooks">The hooks that the plan's indices mean, with their rectifiers.</param>
    public void Start(PlanOp[] plan, HookDefinition[] hooks)
    {
        _plan = plan;
        _hooks = hooks;
        _position = 0;
        _isCompensating = false;
        _positionInDoubt = -1;
        _hasSkipped = false;
        _rectifier = 0;
        _inner = 0;
        _completed.Clear();
        _rectified.Clear();
        _skipped.Clear();
        NextForward();
    }

    /// <summary>The plans of the rectifiers of every step that is not compensated yet.</summary>
    public IEnumerable<PlanOp> RemainingCompensation =>
        _completed.SelectMany(position => _hooks[_plan[position].Index].Rectifiers).SelectMany(plan => plan);

    /// <summary>The current command ended.</summary>
    /// <param name="ok">Whether it ended well.</param>
    public void Next(bool ok)
    {
        Debug.Assert(!IsEnded, "A run that has ended has no next command.");
        if (!_isCompensating)
        {
            if (ok)
            {
                CompleteStep();
            }
            else
            {
                bool isHook = Command == RunCommand.Execute && _currentOp.Kind == PlanOpKind.InvokeHook;
                BeginCompensation(andSelf: isHook && _hooks[_currentOp.Index].RectifySelf);
            }
        }
        else if (ok)
        {
            _inner++;
            NextCompensation();
        }
        else
        {
            Command = RunCommand.Stuck;
        }
    }

    /// <summary>The process ended while the run went forward: it is compensated.</summary>
    /// <param name="inDoubt">Whether the current step had started, so that it is compensated first.</param>
    public void Interrupt(bool inDoubt)
    {
        Debug.Assert(!IsEnded && !_isCompensating, "Only a run that goes forward is interrupted.");
        Debug.Assert(!inDoubt || (Command == RunCommand.Execute && _currentOp.Kind == PlanOpKind.InvokeHook), "Only a step can be in doubt.");
        _positionInDoubt = inDoubt ? _position : -1;
        BeginCompensation(andSelf: inDoubt);
    }

    /// <summary>An operator skips the current rectifier.</summary>
    public void Skip()
    {
        Debug.Assert(_isCompensating && _completed.Count > 0, "Only a rectifier is skipped.");
        _hasSkipped = true;
        _rectifier++;
        _inner = 0;
        NextCompensation();
    }

    private void CompleteStep()
    {
        if (Command == RunCommand.CheckOutputs)
        {
            Command = RunCommand.Succeeded;
            return;
        }

        if (_currentOp.Kind == PlanOpKind.InvokeHook)
        {
            _completed.Add(_position);
        }

        _position++;
        NextForward();
    }

    private void NextForward()
    {
        if (_position < _plan.Length)
        {
            Command = RunCommand.Execute;
            _currentOp = _plan[_position];
        }
        else
        {
            Command = RunCommand.CheckOutputs;
            _currentOp = default;
        }
    }

    private void BeginCompensation(bool andSelf)
    {
        Debug.Assert(!_isCompensating, "A run turns back once.");
        if (andSelf)
        {
            _completed.Add(_position);
        }

        _isCompensating = true;
        _rectifier = 0;
        _inner = 0;
        NextCompensation();
    }

    /// <summary>Finds the next step of the compensation: through a rectifier's plan, a step's rectifiers, the completed steps.</summary>
    private void NextCompensation()
    {
        while (_completed.Count > 0)
        {
            int hook = _plan[_completed[^1]].Index;
            PlanOp[][] rectifiers = _hooks[hook].Rectifiers;
            for (; _rectifier < rectifiers.Length; _rectifier++, _inner = 0)
            {
                if (_inner < rectifiers[_rectifier].Length)
                {
                    Command = RunCommand.Execute;
                    _currentOp = rectifiers[_rectifier][_inner];
                    return;
                }
            }

            if (rectifiers.Length > 0)
            {
                (_hasSkipped ? _skipped : _rectified).Add(hook);
            }

            _completed.RemoveAt(_completed.Count - 1);
            _hasSkipped = false;
            _rectifier = 0;
            _inner = 0;
        }

        Command = _skipped.Count > 0 ? RunCommand.ResolvedWithSkips : RunCommand.Rectified;
    }
}
