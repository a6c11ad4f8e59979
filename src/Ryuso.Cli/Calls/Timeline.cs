using Ryuso.Cli.Client;
using Ryuso.Cli.Plans;

namespace Ryuso.Cli.Calls;

/// <summary>What became of a hook in a run.</summary>
internal enum StepFate
{
    /// <summary>It ran; nothing undoes it.</summary>
    Ran,

    /// <summary>It ran and was reversed.</summary>
    Reversed,

    /// <summary>It ran, has rectifiers and was not reversed.</summary>
    NotReversed,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It failed, or a neighbour that is marked so, or a check behind it: the answer of a stuck run does not tell.</summary>
    MayHaveFailed,

    /// <summary>It had not yet begun.</summary>
    NotReached,

    /// <summary>It ran on the way back.</summary>
    Undid,

    /// <summary>It failed on the way back.</summary>
    UndoFailed,
}

/// <summary>One line of a timeline. <see cref="Step"/> is 0 on the way back; <see cref="Of"/> is the step that it reverses.</summary>
internal sealed record TimelineEntry(StepFate Fate, int Step, string Reference, int Tries = 1, PlanNode? Of = null);

/// <summary>What happened in a failed run: the answer's trace laid over the program's line.</summary>
internal static class Timeline
{
    /// <summary>Null where the trace does not fit the line: the server runs another version of the spec.</summary>
    public static List<TimelineEntry>? Of(PlanTree tree, Answer answer)
    {
        List<LineEvent> line = [.. tree.Nodes.SelectMany(LineEvent.Of), new LineEvent(LineEventKind.Check, null, "programs." + tree.Program.Name)];
        List<TraceReplay> fitting = [];
        for (int i = 0; i < line.Count; i++)
        {
            // A run that is stuck names what failed on the way back; where it turned round is found by trying.
            bool isCandidate = line[i].Kind != LineEventKind.Enter && (answer.Stuck || line[i].Reference == answer.LastFailed);
            if (isCandidate && TraceReplay.Try(line, i, answer) is { } replay)
            {
                fitting.Add(replay);
            }
        }

        if (fitting.Count == 0)
        {
            return null;
        }

        List<TimelineEntry> entries = fitting[0].Entries;
        HashSet<int> suspects = [.. fitting.Select(f => f.FailedStep)];
        if (suspects.Count > 1)
        {
            entries = [.. entries.Select(e => suspects.Contains(e.Step) && e.Step > 0 ? e with { Fate = StepFate.MayHaveFailed } : e)];
        }

        return entries;
    }
}
