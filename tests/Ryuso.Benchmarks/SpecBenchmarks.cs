using BenchmarkDotNet.Attributes;
using Ryuso.Spec;

namespace Ryuso.Benchmarks;

/// <summary>What reading, checking and planning a spec costs: a thousand hooks make twenty thousand steps. It should grow with the spec and not with its square.</summary>
[MemoryDiagnoser]
public class SpecBenchmarks
{
    private string _good = "";
    private string _wrong = "";

    /// <summary>How many hooks the spec has; it has a fifth as many programs, of a hundred steps each.</summary>
    [Params(100, 1_000, 10_000)]
    public int Hooks { get; set; }

    /// <summary>Writes the specs.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _good = Large(Hooks, Hooks / 5, stepsOfProgram: 50);
        _wrong = _good.Replace("\"hooks.h", "\"hooks.k", StringComparison.Ordinal).Replace("\"type\"", "\"tpye\"", StringComparison.Ordinal);
    }

    /// <summary>A spec without a problem.</summary>
    [Benchmark]
    public SpecResult Good() => SpecReader.Read(_good);

    /// <summary>A spec in which every reference and every type is wrong.</summary>
    [Benchmark]
    public SpecResult Wrong() => SpecReader.Read(_wrong);

    /// <summary>Each program runs hooks of which each has a dependency: two steps to enter and two to invoke.</summary>
    private static string Large(int hooks, int programs, int stepsOfProgram)
    {
        const string Arg = """{ "type": "int", "required": true, "description": "A number" }""";
        string Hook(int i) => $$"""
            "h{{i}}": { "reference": "t.c{{i % 20}}.h{{i}}", "description": "Does it.", "args": { "n": {{Arg}}, "m{{i % 50}}": { "type": "string", "required": false } },
                "outputs": { "o{{i}}": {{Arg}} }, "dependencies": [{{(i % 2 == 0 ? $"\"hooks.h{i + 1}\"" : "")}}], "rectifiers": [{{(i % 4 == 0 ? $"\"hooks.h{i + 3}\"" : "")}}] }
            """;
        string Program(int i) => $$"""
            "p{{i}}": { "args": { "n": {{Arg}} }, "outputs": {}, "hooks": [{{string.Join(", ", Enumerable.Range(0, stepsOfProgram / 2).Select(s => $"\"hooks.h{((i * 5) + (s * 2)) % hooks / 2 * 2}\""))}}] }
            """;
        return $$"""
            { "name": "T",
              "programs": { {{string.Join(",\n", Enumerable.Range(0, programs).Select(Program))}} },
              "hooks": { {{string.Join(",\n", Enumerable.Range(0, hooks).Select(Hook))}} } }
            """;
    }
}
