namespace Ryuso.Testing;

/// <summary>What happened in one case, over all lives of its process.</summary>
internal sealed class CaseLog(Case test)
{
    private readonly Lock _gate = new();
    private readonly List<RunStep> _steps = [];
    private readonly List<string> _problems = [];
    private readonly HashSet<string> _runs = [];
    private readonly int[] _done = new int[test.Faults.Length];
    private string? _running;

    /// <summary>The program that ran; null until a hook was called.</summary>
    public string? Program { get; private set; }

    /// <summary>How many runs the call began of which something ran.</summary>
    public int Runs => _runs.Count;

    /// <summary>Where the lives of the process ended, in words.</summary>
    public List<string> Crashes { get; } = [];

    /// <summary>Whether the run is over, so that what is asked now is the user's own check.</summary>
    public bool IsOver { get; set; }

    public IReadOnlyList<RunStep> Steps
    {
        get
        {
            lock (_gate)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>The hook that is running; null between hooks.</summary>
    public string? Running => Volatile.Read(ref _running);

    /// <summary>What went wrong with the case itself.</summary>
    public IEnumerable<string> Problems => _problems
        .Concat(test.Faults.Where((fault, i) => _done[i] == 0 && !fault.IsAtRectifiers).Select(fault => $"The run never reached what is to happen: {fault}."));

    public void Problem(string text) => _problems.Add(text);

    /// <summary>A hook is called. Gives the fault that awaits it; null where there is none.</summary>
    public Fault? Begin(string program, string runId, RunStep step)
    {
        Program ??= program;
        NoteRun(runId);
        Volatile.Write(ref _running, step.Hook);
        for (int i = 0; i < _done.Length; i++)
        {
            if (test.Faults[i].IsFor(step) && _done[i] < test.Faults[i].MaxTimes)
            {
                _done[i]++;
                return test.Faults[i];
            }
        }

        return null;
    }

    /// <summary>A run is under way, or has come to its end without a hook.</summary>
    public void NoteRun(string runId) => _runs.Add(runId);

    public void End(RunStep step)
    {
        Volatile.Write(ref _running, null);
        lock (_gate)
        {
            _steps.Add(step);
        }
    }
}
