using System.Globalization;

namespace Ryuso;

/// <summary>What the runner is to do next.</summary>
internal enum CommandKind
{
    /// <summary>Carry out <see cref="RunMachine.Step"/>.</summary>
    Step,

    /// <summary>Apply the outermost program's output defaults and check its outputs.</summary>
    CheckOutputs,

    /// <summary>Every step ran.</summary>
    Succeeded,

    /// <summary>A step failed and everything before it was reversed.</summary>
    Rectified,

    /// <summary>A rectifier failed; nothing more is touched.</summary>
    Stuck,

    /// <summary>An operator passed over what could not be reversed, and the rest was.</summary>
    Settled,
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
internal sealed class RunMachine
{
    private readonly List<int> _completed = [];
    private readonly List<int> _rectified = [];
    private readonly List<int> _skipped = [];
    private HookDefinition[] _hooks = [];
    private LineStep[] _line = [];
    private LineStep _step;
    private int _position;
    private bool _reversing;
    private int _rectifier;
    private int _inner;
    private int _inDoubt;
    private bool _skips;

    /// <summary>What is to be done now.</summary>
    public CommandKind Command { get; private set; }

    /// <summary>The step of a command of the kind <see cref="CommandKind.Step"/>.</summary>
    public ref readonly LineStep Step => ref _step;

    public StepId Id => _reversing ? new StepId(_completed[^1], _rectifier, _inner) : new StepId(_position);

    public bool IsReversing => _reversing;

    /// <summary>Whether what is being reversed may not have happened.</summary>
    public bool IsInDoubt => _reversing && _completed.Count > 0 && _completed[^1] == _inDoubt;

    public bool IsEnded => Command >= CommandKind.Succeeded;

    /// <summary>Hooks of completed steps that are not reversed yet, in order of completion.</summary>
    public IEnumerable<int> Completed => _completed.Select(position => _line[position].Index);

    /// <summary>Hooks of the steps that were reversed, in that order.</summary>
    public IReadOnlyList<int> Rectified => _rectified;

    /// <summary>Hooks of steps of which an operator passed over a rectifier, in that order.</summary>
    public IReadOnlyList<int> Skipped => _skipped;

    /// <param name="line">The program's line.</param>
    /// <param name="hooks">The hooks that the line's indices mean, with their ways back.</param>
    public void Start(LineStep[] line, HookDefinition[] hooks)
    {
        _line = line;
        _hooks = hooks;
        _position = 0;
        _reversing = false;
        _inDoubt = -1;
        _skips = false;
        _completed.Clear();
        _rectified.Clear();
        _skipped.Clear();
        Forward();
    }

    /// <summary>The lines of the rectifiers that are still to run, the current one's included.</summary>
    public IEnumerable<LineStep> WayBack => _completed.SelectMany(position => _hooks[_line[position].Index].Rectifiers).SelectMany(line => line);

    /// <summary>The current command ended; well or not.</summary>
    public void Next(bool ok)
    {
        if (!_reversing)
        {
            if (ok)
            {
                Advance();
            }
            else
            {
                Turn(andSelf: Command == CommandKind.Step && _step.Kind == StepKind.InvokeHook && _hooks[_step.Index].RectifySelf);
            }
        }
        else if (ok)
        {
            _inner++;
            Back();
        }
        else
        {
            Command = CommandKind.Stuck;
        }
    }

    /// <summary>The process ended while the run went forward: it goes back.</summary>
    /// <param name="inDoubt">Whether the current step had started, so that it is reversed first.</param>
    public void Interrupt(bool inDoubt)
    {
        _inDoubt = inDoubt ? _position : -1;
        Turn(andSelf: inDoubt);
    }

    /// <summary>Passes over the current rectifier.</summary>
    public void Skip()
    {
        _skips = true;
        _rectifier++;
        _inner = 0;
        Back();
    }

    private void Advance()
    {
        if (Command == CommandKind.CheckOutputs)
        {
            Command = CommandKind.Succeeded;
            return;
        }

        if (_step.Kind == StepKind.InvokeHook)
        {
            _completed.Add(_position);
        }

        _position++;
        Forward();
    }

    private void Forward()
    {
        if (_position < _line.Length)
        {
            Command = CommandKind.Step;
            _step = _line[_position];
        }
        else
        {
            Command = CommandKind.CheckOutputs;
            _step = default;
        }
    }

    private void Turn(bool andSelf)
    {
        if (andSelf)
        {
            _completed.Add(_position);
        }

        _reversing = true;
        _rectifier = 0;
        _inner = 0;
        Back();
    }

    /// <summary>Finds the next step of the way back: through a rectifier's line, a step's rectifiers, the completed steps.</summary>
    private void Back()
    {
        while (_completed.Count > 0)
        {
            int hook = _line[_completed[^1]].Index;
            LineStep[][] rectifiers = _hooks[hook].Rectifiers;
            for (; _rectifier < rectifiers.Length; _rectifier++, _inner = 0)
            {
                if (_inner < rectifiers[_rectifier].Length)
                {
                    Command = CommandKind.Step;
                    _step = rectifiers[_rectifier][_inner];
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

        Command = _skipped.Count > 0 ? CommandKind.Settled : CommandKind.Rectified;
    }
}
