using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Bank;

namespace Ryuso.Benchmarks.Serving;

/// <summary>The CPU time of a request without any socket, in the same rounds: the hand-written floor, and the run.</summary>
internal static class InProcess
{
    private const int Batch = 2000;

    private static readonly ArrayBufferWriter<byte> s_answer = new(4096);
    private static readonly byte[] s_request = Contender.All[0].Request(Mode.OneShot, connection: 0);
    private static readonly Floor s_floor = new();
    private static readonly BankOrchestrator s_bank = new();
    private static readonly List<double> s_floors = [];
    private static readonly List<double> s_runs = [];

    public static void Measure(bool isWarmUp)
    {
        double floor = Time(static () => s_floor.Run(s_request, s_answer));
        double run = Time(static () => s_bank.RunRequestAsync(s_request, s_answer, CancellationToken.None).AsTask().GetAwaiter().GetResult());
        if (!isWarmUp)
        {
            s_floors.Add(floor);
            s_runs.Add(run);
        }
    }

    public static void Print()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in-process, cpu us a request: floor {Median(s_floors):F2}, run {Median(s_runs):F2}"));
        s_floors.Clear();
        s_runs.Clear();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The median over many short batches: on a busy machine a long one measures the others.</summary>
    private static double Time(Action request)
    {
        var times = new List<double>();
        for (int batch = 0; batch < 25; batch++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < Batch; i++)
            {
                s_answer.ResetWrittenCount();
                request();
            }

            times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds / Batch);
        }

        return Median(times);
    }
}
