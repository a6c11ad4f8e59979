using Ryuso.Cli.Client;
using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Calls;

/// <summary>Supposes that a run failed at one point of its line, and sees whether its trace comes out.</summary>
internal sealed class TraceReplay
{
    private readonly Answer _answer;
    private readonly List<PlanNode> _completed = [];
    private readonly Dictionary<PlanNode, int> _tries = [];
    private readonly List<PlanNode> _reversed = [];
    private readonly List<TimelineEntry> _back = [];
    private PlanNode? _failed;
    private int _at;

    private TraceReplay(Answer answer) => _answer = answer;

    public List<TimelineEntry> Entries { get; private set; } = [];

    /// <summary>The step that failed; 0 where it was a program's check.</summary>
    public int FailedStep => _failed?.Step ?? 0;

    public static TraceReplay? Try(List<LineEvent> line, int failing, Answer answer)
    {
        var replay = new TraceReplay(answer);
        if (!replay.Forward(line, failing) || !replay.Back() || replay._at != answer.Trace.Count || !replay.IsReversedAsTold())
        {
            return null;
        }

        replay.Entries = [.. replay.Steps(line), .. replay._back];
        return replay;
    }

    private bool Forward(List<LineEvent> line, int failing)
    {
        for (int i = 0; i <= failing; i++)
        {
            LineEvent now = line[i];
            if (now.Kind == LineEventKind.Enter && !Take(now.Reference))
            {
                return false;
            }

            if (now.Kind == LineEventKind.Invoke)
            {
                bool nextIsSame = i + 1 < line.Count && line[i + 1].Kind == LineEventKind.Enter && line[i + 1].Reference == now.Reference;
                if (!Retry(now.Node!, mustFail: i == failing, mayRetry: !nextIsSame))
                {
                    return false;
                }

                if (i < failing || now.Node!.Hook!.RectifySelf)
                {
                    _completed.Add(now.Node!);
                }
            }
        }

        _failed = line[failing].Kind == LineEventKind.Invoke ? line[failing].Node : null;
        return true;
    }

    /// <summary>True at the end of the way back, or where the run got stuck.</summary>
    private bool Back()
    {
        foreach (PlanNode step in _completed.AsEnumerable().Reverse().Where(s => s.Rectifiers.Count > 0))
        {
            foreach (LineEvent now in step.Rectifiers.SelectMany(LineEvent.Of))
            {
                if (now.Kind == LineEventKind.Enter && !Take(now.Reference))
                {
                    return false;
                }

                if (now.Kind == LineEventKind.Invoke && !Retry(now.Node!, mustFail: false, mayRetry: true))
                {
                    return false;
                }

                bool isStuckHere = _answer.Stuck && _at == _answer.Trace.Count && now.Kind != LineEventKind.Enter && now.Reference == _answer.LastFailed;
                if (now.Kind == LineEventKind.Invoke || isStuckHere)
                {
                    _back.Add(new TimelineEntry(isStuckHere ? StepFate.UndoFailed : StepFate.Undid, 0, now.Reference, Tries(now.Node!), step));
                }

                if (isStuckHere)
                {
                    return true;
                }
            }

            _reversed.Add(step);
        }

        return !_answer.Stuck;
    }

    private bool Take(string reference)
    {
        bool fits = _at < _answer.Trace.Count && _answer.Trace[_at] == reference;
        _at += fits ? 1 : 0;
        return fits;
    }

    /// <summary>Each further try is a trace entry of its own. A hook that failed has had them all.</summary>
    private bool Retry(PlanNode node, bool mustFail, bool mayRetry)
    {
        int tries = 1;
        while (tries < node.Hook!.Attempts && (mustFail || mayRetry) && Take(node.Reference))
        {
            tries++;
        }

        _tries[node] = tries;
        return !mustFail || tries == node.Hook.Attempts;
    }

    private bool IsReversedAsTold() =>
        _reversed.Select(s => s.Reference).SequenceEqual(_answer.Rectified) && (!_answer.Stuck || Unreversed().Select(s => s.Reference).SequenceEqual(_answer.Unrectified));

    private IEnumerable<PlanNode> Unreversed() => _completed.AsEnumerable().Reverse().Where(s => s.Rectifiers.Count > 0).Skip(_reversed.Count);

    private IEnumerable<TimelineEntry> Steps(List<LineEvent> line)
    {
        HashSet<PlanNode> reversed = [.. _reversed];
        HashSet<PlanNode> unreversed = [.. Unreversed()];
        HashSet<PlanNode> completed = [.. _completed];
        return line.Where(e => e.Kind == LineEventKind.Invoke).Select(e => e.Node!).Select(node => new TimelineEntry(
            node == _failed ? StepFate.Failed
                : reversed.Contains(node) ? StepFate.Reversed
                : unreversed.Contains(node) ? StepFate.NotReversed
                : completed.Contains(node) ? StepFate.Ran
                : StepFate.NotReached,
            node.Step,
            node.Reference,
            Tries(node)));
    }

    private int Tries(PlanNode node) => _tries.GetValueOrDefault(node, 1);
}
