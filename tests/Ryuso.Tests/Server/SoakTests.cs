using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Tests.Server;

/// <summary>A server under full load with failures and clients that misbehave: what it needs does not grow.</summary>
[Collection(nameof(Alone))]
public sealed class SoakTests : ServedTests
{
    private const int InFlight = 32;

    private static readonly TimeSpan s_duration = double.TryParse(Environment.GetEnvironmentVariable("RYUSO_SOAK_MINUTES"), System.Globalization.CultureInfo.InvariantCulture, out double minutes)
        ? TimeSpan.FromMinutes(minutes)
        : TimeSpan.FromSeconds(5);

    private static readonly byte[] s_batch = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, InFlight).Select(i => (i % 8) switch
    {
        0 => """{"id":1,"program":"fail"}""",
        1 => """{"id":2,"program":"nix"}""",
        2 => """{"id":3,"op":"ping"}""",
        _ => """{"id":4,"program":"echo","data_pool":{"text":"hello"},"metadata":{"m":1}}""",
    })));

    private long _answered;

    [Fact]
    public async Task Soak_keeps_throughput_memory_and_handles_flat()
    {
        await StartAsync(o => o.ReceiveTimeout = TimeSpan.FromSeconds(2));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task[] clients =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => PipelineAsync(stop.Token), Cancel)),
            Task.Run(() => MisbehaveAsync(stop.Token), Cancel),
        ];
        var samples = new List<(double PerSecond, double Managed, double Resident, int Handles)>();
        const int Samples = 10;
        using var timer = new PeriodicTimer(s_duration / Samples);
        long before = 0;
        while (samples.Count < Samples && await timer.WaitForNextTickAsync(Cancel))
        {
            using var self = Process.GetCurrentProcess();
            long answered = Interlocked.Read(ref _answered);
            samples.Add(((answered - before) / (s_duration / Samples).TotalSeconds, GC.GetTotalMemory(forceFullCollection: true) / 1e6, self.WorkingSet64 / 1e6, self.HandleCount));
            before = answered;
            TestContext.Current.TestOutputHelper?.WriteLine($"{samples[^1].PerSecond:F0} a second, {samples[^1].Managed:F1} MB managed, {samples[^1].Resident:F0} MB resident, {samples[^1].Handles} handles");
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);

        // The first samples warm up. The others differ by what else the machine does, not by a trend.
        double[] early = Medians(samples[2..6]);
        double[] late = Medians(samples[6..]);
        Assert.True(late[0] > early[0] * 0.5, "Throughput fell.");
        Assert.True(late[1] < early[1] + 10, "Managed memory grew.");
        Assert.True(late[2] < early[2] + 60, "Resident memory grew.");
        Assert.True(late[3] < early[3] + 100, "Handles grew.");
    }

    private static double[] Medians(List<(double PerSecond, double Managed, double Resident, int Handles)> samples)
    {
        double Median(Func<(double PerSecond, double Managed, double Resident, int Handles), double> value) => samples.Select(value).Order().ElementAt(samples.Count / 2);
        return [Median(s => s.PerSecond), Median(s => s.Managed), Median(s => s.Resident), Median(s => s.Handles)];
    }

    private async Task PipelineAsync(CancellationToken stop)
    {
        using Socket socket = await ConnectAsync();
        byte[] buffer = new byte[64 * 1024];
        while (!stop.IsCancellationRequested)
        {
            await socket.SendAsync(s_batch, Cancel);
            for (int answers = 0; answers < InFlight;)
            {
                int count = await socket.ReceiveAsync(buffer, Cancel);
                Assert.NotEqual(0, count);
                answers += buffer.AsSpan(0, count).Count((byte)'\n');
            }

            Interlocked.Add(ref _answered, InFlight);
        }
    }

    private async Task MisbehaveAsync(CancellationToken stop)
    {
        var silent = new Queue<Socket>();
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            Socket socket = await SendAsync((i % 4) switch { 0 => "", 1 => "{\"program\":", 2 => "GET / HTTP/1.1", _ => """{"program":"echo"}""" });
            if (i % 4 < 2)
            {
                silent.Enqueue(socket);
            }
            else
            {
                socket.LingerState = new LingerOption(i % 8 < 4, 0);
                socket.Dispose();
            }

            if (silent.Count > 50)
            {
                silent.Dequeue().Dispose();
            }
        }

        foreach (Socket socket in silent)
        {
            socket.Dispose();
        }
    }
}
