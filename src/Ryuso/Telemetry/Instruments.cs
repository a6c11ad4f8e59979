using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ryuso.Telemetry;

/// <summary>
/// The <see cref="ActivitySource"/> and the <see cref="Meter"/>, both named <c>Ryuso</c>. Nothing is measured while nobody listens.
/// A listener that throws loses its measurement; no member throws.
/// </summary>
internal static class Instruments
{
    public const string Name = "Ryuso";

    private static readonly string? s_version = typeof(Instruments).Assembly.GetName().Version?.ToString(3);
    private static readonly Meter s_meter = new(Name, s_version);
    private static readonly ActivitySource s_source = new(Name, s_version);

    private static readonly Histogram<double> s_runDuration =
        s_meter.CreateHistogram<double>("ryuso.run.duration", "s", "How long runs took, rectification included.");

    private static readonly Histogram<double> s_hookDuration =
        s_meter.CreateHistogram<double>("ryuso.hook.duration", "s", "How long each try of a hook took.");

    private static readonly Counter<long> s_rectified = s_meter.CreateCounter<long>("ryuso.steps.rectified", "{step}", "Steps that were rectified.");

    private static readonly Counter<long> s_stuck = s_meter.CreateCounter<long>("ryuso.runs.stuck", "{run}", "Runs whose rectification failed.");

    private static readonly Counter<long> s_rejections =
        s_meter.CreateCounter<long>("ryuso.rejections", "{request}", "Requests that were rejected before anything ran, by code.");

    private static readonly UpDownCounter<long> s_connections =
        s_meter.CreateUpDownCounter<long>("ryuso.connections", "{connection}", "Open connections.");

    private static readonly UpDownCounter<long> s_queueLength =
        s_meter.CreateUpDownCounter<long>("ryuso.queue.length", "{request}", "Requests that wait for the run in flight.");

    private static readonly Histogram<double> s_queueWait =
        s_meter.CreateHistogram<double>("ryuso.queue.wait", "s", "How long requests waited for the runs before them.");

    private static readonly Histogram<double> s_held =
        s_meter.CreateHistogram<double>("ryuso.lane.held", "s", "How long runs held their keys, where the spec has keys.");

    private static readonly Counter<long> s_droppedLogEntries = s_meter.CreateCounter<long>(
        "ryuso.log.dropped", "{entry}", "Log entries that were dropped because the log was too slow or failed.");

    public static bool MeasuresHooks => s_hookDuration.Enabled || s_source.HasListeners();

    public static bool MeasuresRuns => s_runDuration.Enabled;

    public static bool MeasuresQueueWait => s_queueWait.Enabled;

    public static bool TracesRuns => s_source.HasListeners();

    public static void RecordRun(double seconds, string program, string outcome) =>
        Record(s_runDuration, seconds, Tag("ryuso.program", program), Tag("ryuso.outcome", outcome));

    public static void RecordHook(double seconds, string hook, string direction, string outcome) =>
        Record(s_hookDuration, seconds, Tag("ryuso.hook", hook), Tag("ryuso.direction", direction), Tag("ryuso.outcome", outcome));

    /// <param name="enteredAt">When the turn came, as a timestamp of the stopwatch.</param>
    /// <param name="program">The run's program.</param>
    public static void RecordHeld(long enteredAt, string program)
    {
        if (s_held.Enabled)
        {
            Record(s_held, Stopwatch.GetElapsedTime(enteredAt).TotalSeconds, Tag("ryuso.program", program));
        }
    }

    public static void RecordQueueWait(double seconds) => Record(s_queueWait, seconds);

    public static void CountRectifiedSteps(int count, string program) => Add(s_rectified, count, Tag("ryuso.program", program));

    public static void CountStuckRun(string program) => Add(s_stuck, 1, Tag("ryuso.program", program));

    public static void CountRejection(string code) => Add(s_rejections, 1, Tag("ryuso.code", code));

    public static void CountDroppedLogEntry() => Add(s_droppedLogEntries, 1);

    public static void AddConnections(int count) => Add(s_connections, count);

    public static void AddQueued(int count) => Add(s_queueLength, count);

    /// <summary>Starts a span; null where nobody listens, or a listener threw.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal, ActivityContext parent = default)
    {
        Activity? before = Activity.Current;
        try
        {
            return parent == default ? s_source.StartActivity(name, kind) : s_source.StartActivity(name, kind, parent);
        }
#pragma warning disable CA1031 // A listener that throws loses its span, and the run goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
            Activity.Current = before;
            return null;
        }
    }

    /// <summary>Ends a span.</summary>
    public static void Stop(Activity activity)
    {
        try
        {
            activity.Dispose();
        }
#pragma warning disable CA1031 // A listener that throws loses its span, and the run goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    private static void Record(Histogram<double> histogram, double value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!histogram.Enabled)
        {
            return;
        }

        try
        {
            histogram.Record(value, tags);
        }
#pragma warning disable CA1031 // A listener that throws loses its measurement, and the run goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private static void Add(Instrument<long> instrument, long value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!instrument.Enabled)
        {
            return;
        }

        try
        {
            if (instrument is Counter<long> counter)
            {
                counter.Add(value, tags);
            }
            else
            {
                ((UpDownCounter<long>)instrument).Add(value, tags);
            }
        }
#pragma warning disable CA1031 // A listener that throws loses its measurement, and the run goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
