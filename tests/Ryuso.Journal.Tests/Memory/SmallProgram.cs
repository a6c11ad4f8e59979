using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Memory;

internal enum Undoing { Works, FailsOnce, FailsOnceWithoutRetry, FailsAlways }

/// <summary>A program of up to four steps, and what its hooks will do.</summary>
/// <param name="Shape">Which steps are dependencies of the next, and which stand in a nested program.</param>
/// <param name="Reversible">One bit for each step.</param>
/// <param name="Failing">The step that fails; -1 for none.</param>
/// <param name="Odd">The step whose undoing is not plain; -1 for none.</param>
/// <param name="Undoing">What that step's undoing does.</param>
internal sealed record SmallProgram(Shape Shape, int Reversible, int Failing, int Odd, Undoing Undoing)
{
    public static IEnumerable<SmallProgram> All(int steps) =>
        from shape in Shape.All(steps)
        from reversible in Enumerable.Range(0, 1 << steps)
        from failing in Enumerable.Range(-1, steps + 1)
        from odd in Enumerable.Range(-1, steps + 1).Where(o => o < 0 || (reversible >> o & 1) != 0)
        from undoing in odd < 0 ? [Undoing.Works] : new[] { Undoing.FailsOnce, Undoing.FailsOnceWithoutRetry, Undoing.FailsAlways }
        select new SmallProgram(shape, reversible, failing, odd, undoing);

    public bool IsReversible(int step) => (Reversible >> step & 1) != 0;

    /// <summary>Steps h0, h1, …; their undoing u0, u1, …, of which the odd one has a dependency of its own.</summary>
    public SpecDefinition Compile()
    {
        var hooks = new JsonObject();
        for (int i = 0; i < Shape.Steps; i++)
        {
            hooks[$"h{i}"] = Hook($"h{i}", Shape.IsDependency(i - 1) ? [$"hooks.h{i - 1}"] : [], IsReversible(i) ? [$"hooks.u{i}"] : [], attempts: 1);
            hooks[$"u{i}"] = Hook($"u{i}", i == Odd ? ["hooks.look"] : [], [], attempts: i == Odd && Undoing is Undoing.FailsOnce ? 2 : 1);
        }

        hooks["look"] = Hook("look", [], [], attempts: 1);
        string[] top = [.. Enumerable.Range(0, Shape.Steps).Where(i => !Shape.IsDependency(i)).Select(i => $"hooks.h{i}")];
        var programs = new JsonObject();
        if (Shape.NestedCount > 0)
        {
            programs["inner"] = Program(top.Skip(Shape.NestedFrom).Take(Shape.NestedCount));
            top = [.. top.Take(Shape.NestedFrom), "programs.inner", .. top.Skip(Shape.NestedFrom + Shape.NestedCount)];
        }

        programs["main"] = Program(top);
        return SpecDefinitions.Compile(new JsonObject { ["name"] = "small", ["programs"] = programs, ["hooks"] = hooks }.ToJsonString());
    }

    private static JsonObject Hook(string name, IEnumerable<string> dependencies, IEnumerable<string> rectifiers, int attempts) => new()
    {
        ["reference"] = "small.hooks." + name,
        ["args"] = new JsonObject(),
        ["dependencies"] = new JsonArray([.. dependencies.Select(d => JsonValue.Create(d))]),
        ["rectifiers"] = new JsonArray([.. rectifiers.Select(r => JsonValue.Create(r))]),
        ["retry"] = new JsonObject { ["attempts"] = attempts, ["delay_ms"] = 0 },
    };

    private static JsonObject Program(IEnumerable<string> hooks) => new()
    {
        ["hooks"] = new JsonArray([.. hooks.Select(h => JsonValue.Create(h))]),
        ["args"] = new JsonObject(),
        ["outputs"] = new JsonObject(),
    };
}

/// <summary>How steps stand to one another, in the order in which they complete.</summary>
/// <param name="Steps">How many there are.</param>
/// <param name="Dependencies">One bit for each step that is a dependency of the next.</param>
/// <param name="NestedFrom">The first of the top-level steps that stand in a nested program.</param>
/// <param name="NestedCount">How many do.</param>
internal sealed record Shape(int Steps, int Dependencies, int NestedFrom, int NestedCount)
{
    public static IEnumerable<Shape> All(int steps)
    {
        for (int dependencies = 0; dependencies < 1 << (steps - 1); dependencies++)
        {
            int top = steps - int.PopCount(dependencies);
            yield return new Shape(steps, dependencies, 0, 0);
            for (int from = 0; from < top; from++)
            {
                for (int count = 1; from + count <= top; count++)
                {
                    yield return new Shape(steps, dependencies, from, count);
                }
            }
        }
    }

    public bool IsDependency(int step) => step >= 0 && (Dependencies >> step & 1) != 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Steps} steps, dependencies {Dependencies:b}, nested {NestedFrom}+{NestedCount}");
}
