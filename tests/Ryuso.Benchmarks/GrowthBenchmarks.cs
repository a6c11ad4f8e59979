using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Ryuso.Definitions;

namespace Ryuso.Benchmarks;

/// <summary>What a run costs as its line and its pool grow. Both should grow no faster than the count.</summary>
[MemoryDiagnoser]
public class GrowthBenchmarks
{
    private readonly ArrayBufferWriter<byte> _answer = new(65536);
    private Orchestrator _steps = null!;
    private Orchestrator _variables = null!;
    private byte[] _stepsRequest = [];
    private byte[] _variablesRequest = [];

    /// <summary>How many steps, or how many variables that are sent, checked and answered.</summary>
    [Params(1, 3, 10, 30, 100)]
    public int Count { get; set; }

    /// <summary>Makes both programs.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _steps = new Lines(Count, variables: 1);
        _variables = new Lines(steps: 1, Count);
        _stepsRequest = Request(1);
        _variablesRequest = Request(Count);
    }

    /// <summary>A line of Count steps.</summary>
    [Benchmark]
    public int Steps() => _steps.Run(_stepsRequest, _answer);

    /// <summary>A line of one step, with Count variables.</summary>
    [Benchmark]
    public int Variables() => _variables.Run(_variablesRequest, _answer);

    private static byte[] Request(int variables) => Encoding.UTF8.GetBytes(
        $$$"""{"program":"p","data_pool":{{{{string.Join(",", Enumerable.Range(0, variables).Select(i => $"\"variable_{i}\":{i}"))}}}}}""");

    private sealed class Lines(int steps, int variables) : Orchestrator(Spec(steps, variables))
    {
        protected override DataPool CreatePool() => new Pool();

        protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context) => default;

        private static SpecDefinition Spec(int steps, int variables)
        {
            ArgDefinition[] args = [.. Enumerable.Range(0, variables).Select(i => new ArgDefinition(i, $"variable_{i}", SpecType.Int, Required: true))];
            return new SpecDefinition(
                "lines",
                null,
                [.. args.Select(a => a.Name)],
                [.. Enumerable.Range(0, steps).Select(i => new HookDefinition($"hooks.h{i}", args, []))],
                [new ProgramDefinition("p", null, args, args, [.. Enumerable.Range(0, steps).SelectMany(i => new[] { new PlanOp(PlanOpKind.EnterHook, i, false), new PlanOp(PlanOpKind.InvokeHook, i, false) })])]);
        }
    }

    private sealed class Pool : DataPool;
}
