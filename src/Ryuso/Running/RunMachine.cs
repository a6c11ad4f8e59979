namespace Ryuso;

/// <summary>What the runner is to do next.</summary>
internal enum CommandKind
{
    /// <summary>Carry out <see cref="Command.Step"/>.</summary>
    Step,

    /// <summary>Apply the outermost program's output defaults and check its outputs.</summary>
    CheckOutputs,

    /// <summary>Every step ran.</summary>
    Succeeded,

    /// <summary>A step failed and everything before it was reversed.</summary>
    Rectified,

    /// <summary>A rectifier failed; nothing more is touched.</summary>
    Stuck,
}

internal readonly record struct Command(CommandKind Kind, LineStep Step = default, bool IsRectifying = false);

/// <summary>
/// Decides what comes next on a line, forward and backward. Pure: no clock, no I/O, no task.
/// Feed the end of each command to <see cref="Next"/>.
/// </summary>
internal sealed class RunMachine(HookDefinition[] hooks)
{
    private readonly List<int> _completed = [];
    private readonly List<int> _rectified = [];
    private LineStep[] _line = [];
    private int _position;
    private bool _reversing;
    private int _rectifier;

    /// <summary>Hooks of completed steps that are not reversed yet, in order of completion.</summary>
    public IReadOnlyList<int> Completed => _completed;

    /// <summary>Hooks of the steps that were reversed, in that order.</summary>
    public IReadOnlyList<int> Rectified => _rectified;

    public Command Start(LineStep[] line)
    {
        _line = line;
        _position = 0;
        _rectifier = 0;
        _reversing = false;
        _completed.Clear();
        _rectified.Clear();
        return Forward();
    }

    /// <summary>The last command ended; well or not.</summary>
    public Command Next(Command ended, bool ok) => (_reversing, ok) switch
    {
        (false, true) => Advance(ended),
        (false, false) => Turn(ended),
        (true, true) => Retreat(),
        (true, false) => new Command(CommandKind.Stuck),
    };

    private Command Advance(Command ended)
    {
        if (ended.Kind == CommandKind.CheckOutputs)
        {
            return new Command(CommandKind.Succeeded);
        }

        if (ended.Step.Kind == StepKind.InvokeHook)
        {
            _completed.Add(ended.Step.Index);
        }

        _position++;
        return Forward();
    }

    private Command Forward() => _position < _line.Length
        ? new Command(CommandKind.Step, _line[_position])
        : new Command(CommandKind.CheckOutputs);

    private Command Turn(Command failed)
    {
        _reversing = true;
        if (failed.Kind == CommandKind.Step && failed.Step.Kind == StepKind.InvokeHook && hooks[failed.Step.Index].RectifySelf)
        {
            _completed.Add(failed.Step.Index);
        }

        _rectifier = 0;
        _position = 0;
        return Back();
    }

    private Command Retreat()
    {
        _position++;
        return Back();
    }

    /// <summary>Finds the next step of the way back: through a rectifier's line, a step's rectifiers, the completed steps.</summary>
    private Command Back()
    {
        while (_completed.Count > 0)
        {
            int hook = _completed[^1];
            LineStep[][] rectifiers = hooks[hook].Rectifiers;
            for (; _rectifier < rectifiers.Length; _rectifier++, _position = 0)
            {
                if (_position < rectifiers[_rectifier].Length)
                {
                    return new Command(CommandKind.Step, rectifiers[_rectifier][_position], IsRectifying: true);
                }
            }

            if (rectifiers.Length > 0)
            {
                _rectified.Add(hook);
            }

            _completed.RemoveAt(_completed.Count - 1);
            _rectifier = 0;
            _position = 0;
        }

        return new Command(CommandKind.Rectified);
    }
}
