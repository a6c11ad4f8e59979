using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ryuso.TestKit;

namespace Ryuso.Samples.Tests;

/// <summary>What the watched worker tells a collector and Prometheus.</summary>
public sealed class WatchedProcessTests : IDisposable
{
    private readonly HttpListener _collector = new();
    private readonly ConcurrentDictionary<string, string> _told = new();
    private readonly TaskCompletionSource _hasTold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _collector.Close();

    [Fact]
    public async Task Runs_steps_and_what_was_undone_reach_the_collector_and_Prometheus()
    {
        int collector = FreePort();
        int prometheus = FreePort();
        _collector.Prefixes.Add($"http://127.0.0.1:{collector}/");
        _collector.Start();
        Task collecting = CollectAsync();
        await using (ServerProcess shop = await ServerProcess.StartAsync(
            Path.Combine(AppContext.BaseDirectory, "Watched"),
            ["--Ryuso:Port=0", $"--Prometheus:Port={prometheus}"],
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{collector}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "100",
            }))
        {
            Assert.Contains("receipt", await shop.AskAsync("""{"program": "buy", "data_pool": {"item": "hat", "cents": 1200}, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"""));
            Assert.Contains("_program_fail", await shop.AskAsync("""{"program": "buy", "data_pool": {"item": "cap", "cents": 9000}}"""));
            await _hasTold.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);

            using var client = new HttpClient();
            string metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{prometheus}/metrics"), Cancel);
            string[] counts = [.. metrics.Split('\n').Where(l => l.StartsWith("ryuso_run_duration_seconds_count", StringComparison.Ordinal))];
            Assert.Equal(2, counts.Length);
            Assert.All(counts, count => Assert.Contains("ryuso_program=\"buy\"", count));
            Assert.Single(counts, count => count.Contains("ryuso_outcome=\"succeeded\"", StringComparison.Ordinal));
            Assert.Single(counts, count => count.Contains("ryuso_outcome=\"rectified\"", StringComparison.Ordinal));
            Assert.Contains("ryuso_steps_rectified", metrics);
            Assert.Contains("ryuso_hook_duration_seconds", metrics);
            Assert.Equal(0, await shop.TerminateAsync());
        }

        _collector.Stop();
        await collecting;
    }

    /// <summary>Takes what comes until the spans of both runs and the metrics are there.</summary>
    private async Task CollectAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext call = await _collector.GetContextAsync();
                using var body = new StreamReader(call.Request.InputStream, Encoding.Latin1);
                string text = await body.ReadToEndAsync(Cancel);
                _told.AddOrUpdate(call.Request.Url!.AbsolutePath, text, (_, before) => before + text);
                call.Response.Close();
                string traces = _told.GetValueOrDefault("/v1/traces", "");
                if (traces.Split("run buy").Length > 2 && traces.Contains("hooks.charge", StringComparison.Ordinal) && traces.Contains("hooks.release", StringComparison.Ordinal)
                    && traces.Contains("\u000a\u00f7\u0065\u0019", StringComparison.Ordinal)
                    && _told.GetValueOrDefault("/v1/metrics", "").Contains("ryuso.run.duration", StringComparison.Ordinal))
                {
                    _hasTold.TrySetResult();
                }
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // It has been stopped.
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
