using System.Globalization;

namespace Ryuso.Benchmarks.Serving;

/// <summary>
/// Ryuso beside what one would write instead, each server in a process of its own, in interleaved rounds.
/// Only the ratios within a round mean something: client, servers and whatever else runs share the machine.
/// </summary>
internal static class ServingBenchmark
{
    public static int Run(string[] args)
    {
        int rounds = Number(args, "--rounds", 5);
        TimeSpan duration = TimeSpan.FromMilliseconds(Number(args, "--milliseconds", 400));
        string only = args.SkipWhile(a => a != "--mode").ElementAtOrDefault(1) ?? "";
        int[] counts = [.. (args.SkipWhile(a => a != "--connections").ElementAtOrDefault(1) ?? "1,8,64").Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture))];
        string[]? chosen = args.SkipWhile(a => a != "--servers").ElementAtOrDefault(1)?.Split(',');
        Contender[] contenders = [.. Contender.All.Where(c => chosen is null || chosen.Contains(c.Name))];
        var cases = new List<Case>();
        var servers = contenders.ToDictionary(c => c, c => new ServerHandle(c));
        try
        {
            foreach (Mode mode in Enum.GetValues<Mode>().Where(m => m.ToString().Contains(only, StringComparison.OrdinalIgnoreCase)))
            {
                foreach (int connections in counts)
                {
                    Case[] group = [.. contenders.Where(c => c.Serves.Contains(mode)).Select(c => new Case(c, mode, connections))];
                    if (group.Length == 0)
                    {
                        continue;
                    }

                    for (int round = -1; round < rounds; round++)
                    {
                        InProcess.Measure(isWarmUp: round < 0);
                        foreach (Case one in group)
                        {
                            one.Measure(servers[one.Contender], duration, isWarmUp: round < 0);
                        }
                    }

                    cases.AddRange(group);
                    Print(group);
                    InProcess.Print();
                }
            }
        }
        finally
        {
            foreach (ServerHandle server in servers.Values)
            {
                server.Dispose();
            }
        }

        return 0;
    }

    private static int Number(string[] args, string option, int otherwise) =>
        args.SkipWhile(a => a != option).ElementAtOrDefault(1) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    private static void Print(Case[] group)
    {
        Case ryuso = group[0];
        Console.WriteLine();
        Console.WriteLine($"{ryuso.Mode}, {ryuso.Connections} connection(s)");
        Console.WriteLine($"{"",-16}{"req/s",10}{"p50 us",9}{"p99 us",9}{"cpu us",9}{"bytes",8}{"client",8}   ryuso is: throughput        cpu                p99");
        foreach (Case one in group)
        {
            string ratios = one == ryuso ? "" : $"{Ratio(ryuso, one, s => s.Load.PerSecond)}   {Ratio(ryuso, one, s => s.Cpu)}   {Ratio(ryuso, one, s => s.Load.P99)}";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{one.Contender.Name,-16}{one.Median(s => s.Load.PerSecond),10:F0}{one.Median(s => s.Load.P50),9:F0}{one.Median(s => s.Load.P99),9:F0}{one.Median(s => s.Cpu),9:F2}{one.Median(s => s.Allocated),8:F0}{one.Median(s => s.Load.ClientCpu),8:F1}   {ratios}"));
        }
    }

    /// <summary>The median of the rounds' ratios, and the least and the greatest of them.</summary>
    private static string Ratio(Case ryuso, Case other, Func<Sample, double> value)
    {
        double[] ratios = [.. ryuso.Samples.Zip(other.Samples, (a, b) => value(a) / value(b)).Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{ratios[ratios.Length / 2],5:F2} ({ratios[0]:F2}-{ratios[^1]:F2})");
    }

    private sealed record Sample(Load Load, double Cpu, double Allocated);

    private sealed record Case(Contender Contender, Mode Mode, int Connections)
    {
        public List<Sample> Samples { get; } = [];

        public void Measure(ServerHandle server, TimeSpan duration, bool isWarmUp)
        {
            (double cpu, double allocated) = server.Read();
            Load load = new LoadClient(Contender, Mode, server.Port, Connections).Run(duration);
            (double cpuThen, double allocatedThen) = server.Read();
            if (!isWarmUp)
            {
                Samples.Add(new Sample(load, (cpuThen - cpu) / load.Requests, (allocatedThen - allocated) / load.Requests));
            }
        }

        public double Median(Func<Sample, double> value)
        {
            double[] all = [.. Samples.Select(value).Order()];
            return all[all.Length / 2];
        }
    }
}
