using System.Diagnostics;

namespace Ryuso.Spec.Tests;

/// <summary>Reading costs what the spec is long, and not its square.</summary>
[Collection(nameof(Alone))]
public sealed class SpeedTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thousand_hooks_and_twenty_thousand_steps_are_read_in_well_under_200_ms()
    {
        string spec = Large(hooks: 1_000, programs: 200, stepsOfProgram: 50);
        Assert.Equal((20_000, 0), (SpecReader.Read(spec).Plans.Sum(p => p.Steps.Count), SpecReader.Read(spec).Problems.Count));
        double milliseconds = Best(spec);
        output.WriteLine($"{milliseconds:F1} ms");
        Assert.InRange(milliseconds, 0, 200);
    }

    [Fact]
    public void Reading_grows_with_the_spec_and_not_with_its_square()
    {
        double small = Best(Large(hooks: 200, programs: 40, stepsOfProgram: 50));
        double large = Best(Large(hooks: 2_000, programs: 400, stepsOfProgram: 50));
        output.WriteLine($"{small:F2} ms, ten times as much: {large:F2} ms");
        Assert.InRange(large / small, 0, 40);
    }

    [Fact]
    public void A_spec_in_which_everything_is_wrong_is_read_soon_too()
    {
        string spec = Large(hooks: 1_000, programs: 200, stepsOfProgram: 50).Replace("\"hooks.h", "\"hooks.k", StringComparison.Ordinal).Replace("\"type\"", "\"tpye\"", StringComparison.Ordinal);
        Assert.True(SpecReader.Read(spec).Problems.Count > 5_000);
        double milliseconds = Best(spec);
        output.WriteLine($"{milliseconds:F1} ms");
        Assert.InRange(milliseconds, 0, 2_000);
    }

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

    private static double Best(string spec)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 15; i++)
        {
            long began = Stopwatch.GetTimestamp();
            SpecReader.Read(spec);
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return best;
    }

    /// <summary>A clock tells nothing while other tests run.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
