using System.Diagnostics;
using System.Globalization;
using Bank;

namespace Ryuso.Benchmarks.Serving;

/// <summary>The typed client beside the bare load client, on the same server in interleaved rounds: one caller, and sixty-four on one connection.</summary>
internal static class ClientLoad
{
    private const int Many = 64;
    private static readonly TimeSpan s_duration = TimeSpan.FromMilliseconds(500);
    private static readonly MoveArgs s_move = new("alice", "bob", 5, 0.125, true);

    public static async Task RunAsync(int rounds)
    {
        using var server = new ServerHandle(Contender.All[0]);
        await using var client = new BankClient("127.0.0.1", server.Port);
        var results = new List<(double RawOne, double One, double RawMany, double Many)>();
        for (int round = -2; round < rounds; round++)
        {
            var result = (Raw(Mode.Kept, server.Port), await LoadAsync(client, 1), Raw(Mode.Pipelined, server.Port), await LoadAsync(client, Many));
            if (round >= 0)
            {
                results.Add(result);
            }
        }

        Print("1 caller", [.. results.Select(r => r.RawOne)], [.. results.Select(r => r.One)]);
        Print($"{Many} callers", [.. results.Select(r => r.RawMany)], [.. results.Select(r => r.Many)]);
    }

    private static double Raw(Mode mode, int port) => new LoadClient(Contender.All[0], mode, port, connections: 1).Run(s_duration).PerSecond;

    private static async Task<double> LoadAsync(BankClient client, int callers)
    {
        long began = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int count = 0;
            for (; Stopwatch.GetElapsedTime(began) < s_duration; count++)
            {
                await client.MoveAsync(s_move);
            }

            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void Print(string name, double[] raw, double[] client)
    {
        double[] ratios = [.. client.Zip(raw, (c, r) => c / r).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-12} client {client.Order().ElementAt(client.Length / 2),8:F0}/s, bare {raw.Order().ElementAt(raw.Length / 2),8:F0}/s, ratio {ratios[ratios.Length / 2]:F2} ({ratios[0]:F2}-{ratios[^1]:F2})"));
    }
}
