using System.Diagnostics;
using Ryuso.Telemetry;

namespace Ryuso.Runs;

/// <summary>The span and the figures of one run.</summary>
internal struct RunActivity
{
    private Activity? _activity;

    /// <param name="program">The program's name.</param>
    /// <param name="traceParent">The caller's span in W3C form; null to stand under the span that is current.</param>
    public static RunActivity Begin(string program, string? traceParent)
    {
        if (!Instruments.TracesRuns)
        {
            return default;
        }

        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out ActivityContext parent);
        Activity? activity = Instruments.Start("run " + program, ActivityKind.Server, parent);
        activity?.SetTag("ryuso.program", program);
        return new RunActivity { _activity = activity };
    }

    public void End(RunState run)
    {
        string outcome = Outcome(run.StateMachine.Command);
        if (Instruments.MeasuresRuns)
        {
            Instruments.RecordRun(run.Slots.Elapsed.TotalSeconds, run.Program.Name, outcome);
        }

        if (run.StateMachine.Rectified.Count > 0)
        {
            Instruments.CountRectifiedSteps(run.StateMachine.Rectified.Count, run.Program.Name);
        }

        if (run.IsStuck)
        {
            Instruments.CountStuckRun(run.Program.Name);
        }

        if (_activity is not { } activity)
        {
            return;
        }

        activity.SetTag("ryuso.run_id", run.Slots.RunId);
        activity.SetTag("ryuso.outcome", outcome);
        if (run.Error is not null)
        {
            activity.SetTag("ryuso.failed", run.FailedReference);
            activity.SetStatus(ActivityStatusCode.Error, run.Error);
        }

        Instruments.Stop(activity);
        _activity = null;
    }

    private static string Outcome(RunCommand kind) => kind switch
    {
        RunCommand.Succeeded => "succeeded",
        RunCommand.Stuck => "stuck",
        RunCommand.ResolvedWithSkips => "resolved_with_skips",
        _ => "rectified",
    };
}
