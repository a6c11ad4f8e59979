using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Spectre.Console;

namespace Ryuso.Cli.Bench;

/// <summary>What a load test found.</summary>
internal sealed record BenchResult(string Program, string Server, int Connections, int Pipeline, TimeSpan Elapsed, LatencyHistogram Latencies, long Succeeded, long Failed, long Rejected, string? Complaint)
{
    public double PerSecond => Latencies.Count / Elapsed.TotalSeconds;
}

/// <summary>A load test's result for people and for scripts.</summary>
internal static class BenchText
{
    private const int BarWidth = 40;
    private static readonly (string Name, double Share)[] s_percentiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)];

    public static void Write(Terminal terminal, BenchResult result)
    {
        terminal.Screen.MarkupLine($"[bold]{Markup.Escape(result.Program)}[/] on {Markup.Escape(result.Server)}, {result.Connections} connections, {result.Pipeline} in flight on each");
        terminal.Out.WriteLine();
        terminal.Screen.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[bold]{result.PerSecond:N0} per second[/]: {result.Latencies.Count:N0} requests in {result.Elapsed.TotalSeconds:0.00} s"));
        terminal.Screen.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"{result.Succeeded:N0} succeeded, {result.Failed:N0} failed, {result.Rejected:N0} rejected"));
        if (result.Complaint is { } complaint)
        {
            terminal.Screen.MarkupLine($"[red]the first that did not:[/] {Markup.Escape(complaint)}");
        }

        terminal.Out.WriteLine();
        terminal.Screen.Write(Percentiles(result.Latencies));
        terminal.Out.WriteLine();
        terminal.Screen.Write(Bars(result.Latencies));
    }

    public static JsonObject ToJson(BenchResult result)
    {
        var latencies = new JsonObject();
        foreach ((string name, double share) in s_percentiles)
        {
            latencies[name] = Math.Round(result.Latencies.Percentile(share).TotalMilliseconds, 4);
        }

        return new JsonObject
        {
            ["program"] = result.Program,
            ["server"] = result.Server,
            ["connections"] = result.Connections,
            ["pipeline"] = result.Pipeline,
            ["seconds"] = Math.Round(result.Elapsed.TotalSeconds, 3),
            ["requests"] = result.Latencies.Count,
            ["per_second"] = Math.Round(result.PerSecond, 1),
            ["succeeded"] = result.Succeeded,
            ["failed"] = result.Failed,
            ["rejected"] = result.Rejected,
            ["milliseconds"] = latencies,
            ["histogram"] = new JsonArray([.. result.Latencies.Doubling().Select(r => new JsonObject { ["up_to_ms"] = r.Upper.TotalMilliseconds, ["requests"] = r.Count })]),
        };
    }

    private static Grid Percentiles(LatencyHistogram latencies)
    {
        Grid grid = new();
        foreach (var _ in s_percentiles)
        {
            grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(4));
        }

        grid.AddRow([.. s_percentiles.Select(p => new Text(p.Name))]);
        grid.AddRow([.. s_percentiles.Select(p => new Markup($"[bold]{Milliseconds(latencies.Percentile(p.Share))}[/]"))]);
        return grid;
    }

    private static Grid Bars(LatencyHistogram latencies)
    {
        Grid grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().RightAligned().PadLeft(0).PadRight(2))
            .AddColumn(new GridColumn().NoWrap().PadRight(2))
            .AddColumn(new GridColumn().NoWrap().RightAligned());
        List<(TimeSpan Upper, long Count)> rows = latencies.Doubling();
        long most = rows.Select(r => r.Count).DefaultIfEmpty(1).Max();
        foreach ((TimeSpan upper, long count) in rows)
        {
            // Also a few of very many leave a trace.
            int length = count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)BarWidth * count / most));
            grid.AddRow(new Text("≤ " + Milliseconds(upper)), new Markup($"[green]{new string('█', length)}[/]"), new Text(count.ToString("N0", CultureInfo.InvariantCulture)));
        }

        return grid;
    }

    /// <summary>About three digits: the classes are no finer.</summary>
    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds switch
    {
        < 1 and var few => few.ToString("0.000", CultureInfo.InvariantCulture) + " ms",
        < 10 and var some => some.ToString("0.00", CultureInfo.InvariantCulture) + " ms",
        < 100 and var more => more.ToString("0.0", CultureInfo.InvariantCulture) + " ms",
        var many => many.ToString("N0", CultureInfo.InvariantCulture) + " ms",
    };
}
