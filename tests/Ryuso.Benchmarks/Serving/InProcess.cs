using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Bank;

namespace Ryuso.Benchmarks.Serving;

/// <summary>The CPU time of a request without any socket, in the same rounds: the hand-written floor, and the run.</summary>
internal static class InProcess
{
    private const int Batch = 2000;

    private static readonly ArrayBufferWriter<byte> Answer = new(4096);
    private static readonly byte[] Request = Contender.All[0].Request(Mode.OneShot);
    private static readonly Floor Floor = new();
    private static readonly BankOrchestrator Bank = new();
    private static readonly List<double> Floors = [];
    private static readonly List<double> Runs = [];

    public static void Measure(bool isWarmUp)
    {
        double floor = Time(static () => Floor.Run(Request, Answer));
        double run = Time(static () => Bank.RunRequestAsync(Request, Answer, CancellationToken.None).AsTask().GetAwaiter().GetResult());
        if (!isWarmUp)
        {
            Floors.Add(floor);
            Runs.Add(run);
        }
    }

    public static void Print()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in-process, cpu us a request: floor {Median(Floors):F2}, run {Median(Runs):F2}"));
        Floors.Clear();
        Runs.Clear();
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
                Answer.ResetWrittenCount();
                request();
            }

            times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds / Batch);
        }

        return Median(times);
    }
}
