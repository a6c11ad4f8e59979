using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Till;

namespace Ryuso.Hosting.Tests;

/// <summary>What somebody who listens gets to know. Listeners hear the whole process, so each test looks for its own spans.</summary>
[Collection(nameof(Listening))]
public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_is_a_span_under_the_callers_with_a_span_for_each_hook()
    {
        List<Activity> ended = [];
        using ActivityListener listener = Listen(ended);
        using var caller = new Activity("caller");
        caller.SetIdFormat(ActivityIdFormat.W3C).Start();
        await Orchestrator().PayAsync(new(0), Cancel);
        caller.Stop();
        Activity[] own = [.. ended.Where(a => a.TraceId == caller.TraceId)];
        Assert.Equal(["hooks.take", "hooks.settle", "hooks.give_back", "run pay"], own.Select(a => a.OperationName));
        Assert.Equal(caller.SpanId, own[3].ParentSpanId);
        Assert.All(own[..3], hook => Assert.Equal(own[3].SpanId, hook.ParentSpanId));
        Assert.Equal("back", own[2].GetTagItem("ryuso.direction"));
        Assert.Equal((ActivityStatusCode.Error, "Nothing to pay."), (own[1].Status, own[1].StatusDescription));
        Assert.Equal("rectified", own[3].GetTagItem("ryuso.outcome"));
        Assert.Equal("hooks.settle", own[3].GetTagItem("ryuso.failed"));
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task Traceparent_of_a_request_is_the_runs_parent()
    {
        List<Activity> ended = [];
        using ActivityListener listener = Listen(ended);
        string answer = await Served.AskAsync(Orchestrator(), """{"program":"pay","data_pool":{"cents":1},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}""");
        Assert.Contains("visit", answer, StringComparison.Ordinal);
        Activity run = Assert.Single(ended, a => a.OperationName == "run pay" && a.TraceId.ToHexString() == "0af7651916cd43dd8448eb211c80319c");
        Assert.Equal("b7ad6b7169203331", run.ParentSpanId.ToHexString());
    }

    [Fact]
    public async Task Runs_hooks_rectifications_and_rejections_are_counted()
    {
        List<string> seen = [];
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == "Ryuso") { l.EnableMeasurementEvents(instrument); } } };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) where T : struct =>
            seen.Add($"{instrument.Name} {(typeof(T) == typeof(long) ? value.ToString() : "")} {string.Join(' ', tags.ToArray().Select(t => t.Value))}");
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        TillOrchestrator till = Orchestrator();
        await till.PayAsync(new(0), Cancel);
        await till.RunAsync("pya", cancellationToken: Cancel);
        Assert.Contains("ryuso.run.duration  pay rectified", seen);
        Assert.Contains("ryuso.hook.duration  hooks.settle forward failed", seen);
        Assert.Contains("ryuso.hook.duration  hooks.give_back back ok", seen);
        Assert.Contains("ryuso.steps.rectified 1 pay", seen);
        Assert.Contains("ryuso.rejections 1 unknown_program", seen);
    }

    private static TillOrchestrator Orchestrator() => new(new ServiceCollection().AddSingleton<Visit>().BuildServiceProvider());

    /// <summary>Listeners hear everything: these tests run while no others do.</summary>
    [CollectionDefinition(nameof(Listening), DisableParallelization = true)]
    public sealed class Listening;

    private static ActivityListener Listen(List<Activity> ended)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Ryuso",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
