using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Ryuso.Benchmarks;
using Ryuso.Benchmarks.Serving;

switch (args)
{
    case ["serving", .. string[] rest]:
        return ServingBenchmark.Run(rest);
    case ["durable", .. string[] rest]:
        double seconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 12;
        await DurableRuns.RunAsync(seconds, rest.Length > 1 ? rest[1] : Path.Combine(Path.GetTempPath(), "ryuso-durable"));
        return 0;
    case ["durable-lanes", .. string[] rest]:
        await DurableLanes.RunAsync(
            rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 6,
            rest.Length > 1 ? rest[1] : Path.Combine(Path.GetTempPath(), "ryuso-durable")).ConfigureAwait(false);
        return 0;
    case ["slow-hooks"]:
        await SlowHooks.RunAsync().ConfigureAwait(false);
        return 0;
    case ["client", .. string[] rest]:
        await ClientLoad.RunAsync(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 7);
        return 0;
    case ["large-requests"]:
        LargeRequests.Run();
        return 0;
    case ["serve", string name]:
        return ServerChild.Run(name);
    default:
        // In this process: the figures are ratios within one run, and no second build is needed.
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance
            .AddJob(Job.MediumRun.WithLaunchCount(1).WithToolchain(InProcessEmitToolchain.Instance)));
        return 0;
}
