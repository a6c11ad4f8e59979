using System.Globalization;
using Ryuso.Definitions;

namespace Ryuso.Runs;

/// <summary>What the runner is to do next.</summary>
internal enum RunCommand
{
    /// <summary>Carry out <see cref="RunStateMachine.CurrentOp"/>.</summary>
    Execute,

    /// <summary>Apply the outermost program's output defaults and check its outputs.</summary>
    CheckOutputs,

    /// <summary>Every step ran.</summary>
    Succeeded,

    /// <summary>A step failed and everything before it was reversed.</summary>
    Rectified,

    /// <summary>A rectifier failed; nothing more is touched.</summary>
    Stuck,

    /// <summary>An operator passed over what could not be reversed, and the rest was.</summary>
    ResolvedWithSkips,
}

/// <summary>
/// Which step of a run: a position on the program's line, or on the way back of the step at that position
/// a position on the line of one of its rectifiers. The same run has the same ids whenever it is run or recovered.
/// </summary>
internal readonly record struct StepId(int Position, int Rectifier = -1, int Inner = 0)
{
    public bool IsRectifying => Rectifier >= 0;

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
/// Decides what comes next on a line, forward and backward. Pure: no clock, no I/O, no task.
/// Carry out the current command, then tell <see cref="Next"/> how it ended.
/// </summary>
internal sealed class RunStateMachine
{
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
    private int _inDoubt;
    private bool _skips;

    /// <summary>What is to be done now.</summary>
    public RunCommand Command { get; private set; }

    /// <summary>The step of a command of the kind <see cref="RunCommand.Execute"/>.</summary>
    public ref readonly PlanOp CurrentOp => ref _currentOp;

    public StepId Id => _isCompensating ? new StepId(_completed[^1], _rectifier, _inner) : new StepId(_position);

    public bool IsCompensating => _isCompensating;

    /// <summary>Whether what is being reversed may not have happened.</summary>
    public bool IsInDoubt => _isCompensating && _completed.Count > 0 && _completed[^1] == _inDoubt;

    public bool IsEnded => Command >= RunCommand.Succeeded;

    /// <summary>Hooks of completed steps that are not reversed yet, in order of completion.</summary>
    public IEnumerable<int> Completed => _completed.Select(position => _plan[position].Index);

    /// <summary>Hooks of the steps that were reversed, in that order.</summary>
    public IReadOnlyList<int> Rectified => _rectified;

    /// <summary>Hooks of steps of which an operator passed over a rectifier, in that order.</summary>
    public IReadOnlyList<int> Skipped => _skipped;

    /// <param name="line">The program's line.</param>
    /// <param name="hooks">The hooks that the line's indices mean, with their ways back.</param>
    public void Start(PlanOp[] line, HookDefinition[] hooks)
    {
        _plan = line;
        _hooks = hooks;
        _position = 0;
        _isCompensating = false;
        _inDoubt = -1;
        _skips = false;
        _completed.Clear();
        _rectified.Clear();
        _skipped.Clear();
        NextForward();
    }

    /// <summary>The lines of the rectifiers that are still to run, the current one's included.</summary>
    public IEnumerable<PlanOp> RemainingCompensation => _completed.SelectMany(position => _hooks[_plan[position].Index].Rectifiers).SelectMany(line => line);

    /// <summary>The current command ended; well or not.</summary>
    public void Next(bool ok)
    {
        if (!_isCompensating)
        {
            if (ok)
            {
                CompleteStep();
            }
            else
            {
                BeginCompensation(andSelf: Command == RunCommand.Execute && _currentOp.Kind == PlanOpKind.InvokeHook && _hooks[_currentOp.Index].RectifySelf);
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

    /// <summary>The process ended while the run went forward: it goes back.</summary>
    /// <param name="inDoubt">Whether the current step had started, so that it is reversed first.</param>
    public void Interrupt(bool inDoubt)
    {
        _inDoubt = inDoubt ? _position : -1;
        BeginCompensation(andSelf: inDoubt);
    }

    /// <summary>Passes over the current rectifier.</summary>
    public void Skip()
    {
        _skips = true;
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
        if (andSelf)
        {
            _completed.Add(_position);
        }

        _isCompensating = true;
        _rectifier = 0;
        _inner = 0;
        NextCompensation();
    }

    /// <summary>Finds the next step of the way back: through a rectifier's line, a step's rectifiers, the completed steps.</summary>
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
                (_skips ? _skipped : _rectified).Add(hook);
            }

            _completed.RemoveAt(_completed.Count - 1);
            _skips = false;
            _rectifier = 0;
            _inner = 0;
        }

        Command = _skipped.Count > 0 ? RunCommand.ResolvedWithSkips : RunCommand.Rectified;
    }
}
