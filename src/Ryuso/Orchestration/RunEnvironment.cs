using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Recording;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>What all executors of one orchestrator share.</summary>
/// <remarks>The journal is set once, before the first recorded run. Everything else may be used by any thread.</remarks>
[DebuggerDisplay("{Spec.Name}, journal {Journal is not null}")]
internal sealed class RunEnvironment(SpecDefinition spec, ILogger logger, TimeProvider time)
{
    private readonly AsyncLocal<DataPool?> _running = new();
    private readonly ConcurrentDictionary<ProgramDefinition, JournaledPlan> _plans = new();
    private volatile bool _isJournalClosed;

    // The warning of the journal that was logged last.
    private volatile string? _loggedWarning;

    public SpecDefinition Spec => spec;

    /// <summary>Whether runs may go side by side.</summary>
    public bool IsKeyed { get; } = spec.IsKeyed;

    public ILogger Logger => logger;

    public TimeProvider Time => time;

    /// <summary>The names of the programs, by index.</summary>
    public Utf8NameTable Programs { get; } = new(spec.Programs.Select(p => p.Name));

    /// <summary>Where runs are recorded; null where they are not.</summary>
    public IJournal? Journal { get; set; }

    /// <summary>Whether the journal has failed and what it holds has not been recovered since: no run may begin.</summary>
    public bool IsJournalClosed
    {
        get => _isJournalClosed;
        set => _isJournalClosed = value;
    }

    /// <summary>Whether a stuck run of a program keeps its keys. One that the spec no longer has keeps them.</summary>
    public bool KeepsKeys(string program) => spec.Programs.FirstOrDefault(p => p.Name == program)?.HoldsKeysWhenStuck ?? true;

    /// <summary>Whether the caller is a hook of a run that is under way.</summary>
    public bool IsCalledFromHook => _running.Value is { IsOpen: true };

    /// <summary>Marks the flow of control as that of a run, so that a hook that calls its own orchestrator is found out.</summary>
    public void EnterRun(DataPool pool) => _running.Value = pool;

    /// <summary>The plan of a program as the journal keeps it, written once.</summary>
    public JournaledPlan PlanOf(ProgramDefinition program) =>
        _plans.GetOrAdd(program, static (program, spec) => RecordedPlan.Write(program, spec), spec);

    /// <summary>Logs what the journal warns of, once.</summary>
    public void LogJournalWarning()
    {
        if (Journal?.Warning is { } warning && warning != _loggedWarning)
        {
            _loggedWarning = warning;
            RunLog.JournalWarned(logger, warning);
        }
    }
}
