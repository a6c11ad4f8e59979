using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ryuso.Telemetry;

/// <summary>The <see cref="ActivitySource"/> and the <see cref="s_meter"/>, both named <c>Ryuso</c>. Nothing is measured while nobody listens.</summary>
internal static class Instruments
{
    public const string Name = "Ryuso";

    private static readonly string? s_version = typeof(Instruments).Assembly.GetName().Version?.ToString(3);
    private static readonly Meter s_meter = new(Name, s_version);

    public static readonly ActivitySource Source = new(Name, s_version);

    public static readonly Histogram<double> RunDuration = s_meter.CreateHistogram<double>("ryuso.run.duration", "s", "How long runs took, rectification included.");

    public static readonly Histogram<double> HookDuration = s_meter.CreateHistogram<double>("ryuso.hook.duration", "s", "How long each try of a hook took.");

    public static readonly Counter<long> Rectified = s_meter.CreateCounter<long>("ryuso.steps.rectified", "{step}", "Steps that were reversed.");

    public static readonly Counter<long> Stuck = s_meter.CreateCounter<long>("ryuso.runs.stuck", "{run}", "Runs whose rectification failed.");

    public static readonly Counter<long> Rejections = s_meter.CreateCounter<long>("ryuso.rejections", "{request}", "Requests of which nothing ran, by code.");

    public static readonly UpDownCounter<long> Connections = s_meter.CreateUpDownCounter<long>("ryuso.connections", "{connection}", "Open connections.");

    public static readonly UpDownCounter<long> QueueLength = s_meter.CreateUpDownCounter<long>("ryuso.queue.length", "{request}", "Requests that wait for the run in flight.");

    public static readonly Histogram<double> QueueWait = s_meter.CreateHistogram<double>("ryuso.queue.wait", "s", "How long requests waited for the runs before them.");

    public static bool MeasuresHooks => HookDuration.Enabled || Source.HasListeners();

    public static bool MeasuresRuns => RunDuration.Enabled || Source.HasListeners();
}
