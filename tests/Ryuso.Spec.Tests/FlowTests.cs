using System.Globalization;
using CsCheck;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>The flow checks against runs: whoever is accused fails, and whoever fails is accused.</summary>
public sealed class FlowTests
{
    private static readonly int s_count = int.Parse(Environment.GetEnvironmentVariable("RYUSO_MUTATED_SPECS") ?? "500", CultureInfo.InvariantCulture);
    private static readonly string[] s_variables = ["a1", "b2", "c3", "d4"];

    private static readonly Gen<string> s_spec =
        from hooks in Hook.Array[5]
        from programs in Program.Array[2]
        select $$"""
            { "name": "T", "programs": { {{string.Join(", ", programs.Select((p, i) => $"\"p{i}\": {p.Replace("programs.p0", i == 0 ? "hooks.h0" : "programs.p0", StringComparison.Ordinal)}"))}} },
              "hooks": { {{string.Join(", ", hooks.Select((h, i) => $"\"h{i}\": {h(i)}"))}} } }
            """;

    private static Gen<string> Args => Gen.Int[0, 14].Array[4].Select(picks => "{" + string.Join(", ", picks.Select((pick, i) => pick switch
    {
        < 3 => $"\"{s_variables[i]}\": {{ \"type\": \"int\", \"required\": true }}",
        3 => $"\"{s_variables[i]}\": {{ \"type\": \"int\", \"required\": true, \"default\": 1 }}",
        4 => $"\"{s_variables[i]}\": {{ \"type\": \"int\", \"required\": false }}",
        _ => null,
    }).Where(a => a is not null)) + "}");

    /// <summary>Refers only to hooks behind it, so that there is no cycle.</summary>
    private static Gen<Func<int, string>> Hook =>
        from args in Args
        from outputs in Args
        from dependencies in Gen.Int[1, 9].Array[0, 2]
        from rectifiers in Gen.Int[1, 9].Array[0, 2]
        from self in Gen.Bool
        select new Func<int, string>(i =>
        {
            string After(int[] steps) => string.Join(", ", steps.Where(s => i + s < 5).Select(s => $"\"h{i + s}\""));
            return $$"""{ "reference": "t.x.h{{i}}", "args": {{args}}, "outputs": {{outputs}}, "dependencies": [{{After(dependencies)}}], "rectifiers": [{{After(rectifiers)}}], "rectify_self": {{(self ? "true" : "false")}} }""";
        });

    private static Gen<string> Program =>
        from args in Args
        from outputs in Args
        from hooks in Gen.Int[0, 5].Array[1, 3]
        select $$"""{ "hooks": [{{string.Join(", ", hooks.Select(h => h == 5 ? "\"programs.p0\"" : $"\"hooks.h{h}\""))}}], "args": {{args}}, "outputs": {{outputs}} }""";

    [Fact]
    public void What_is_accused_fails_and_what_fails_is_accused() => s_spec.Sample(Check, iter: s_count);

    private static void Check(string spec)
    {
        SpecResult result = SpecReader.Read(spec);
        SpecModel model = result.Model!;
        Assert.DoesNotContain(result.Problems, p => !ProblemCodes.IsFlow(p.Code));
        HashSet<string> codes = [.. result.Problems.Select(p => p.Code)];
        bool forwardFails = model.Programs.Any(p => !new Run(model, p, failAfter: int.MaxValue).Forward());
        if (forwardFails)
        {
            Assert.True(codes.Overlaps(["RYU120", "RYU121"]), "A program that cannot run is not accused.");
            return;
        }

        Assert.DoesNotContain("RYU121", codes);
        bool lastWayBackSticks = model.Programs.Any(p => new Run(model, p, failAfter: int.MaxValue).Sticks(forced: true));
        bool someWayBackSticks = lastWayBackSticks || model.Programs.Any(p => 
            Enumerable.Range(0, 16).Any(absent => Enumerable.Range(0, result.Plans.Single(plan => plan.Program == p.Name).Steps.Count).Any(n => new Run(model, p, failAfter: n, absent).Sticks(forced: false))));
        Assert.Equal(lastWayBackSticks, codes.Contains("RYU120"));
        Assert.Equal(someWayBackSticks, codes.Overlaps(["RYU120", "RYU125"]));
    }

    /// <summary>A run in the seed's words: every hook does what it declares, until one, or the end, is made to fail.</summary>
    private sealed class Run(SpecModel model, ProgramModel program, int failAfter, int absent = 0)
    {
        private readonly HashSet<string> _pool = [];
        private readonly List<HookModel> _completed = [];
        private int _left = failAfter;
        private HookModel? _failed;
        private bool _isWayBack;

        public bool Forward()
        {
            Write(program.Args);
            return program.Hooks.All(Step) && _left-- != 0 && Leave(program);
        }

        /// <summary>Whether a rectifier cannot run. Forced: the failure comes after everything has been done.</summary>
        public bool Sticks(bool forced)
        {
            bool ok = Forward();
            if (ok && !forced)
            {
                return false;
            }

            _isWayBack = true;
            IEnumerable<HookModel> back = _completed.AsEnumerable().Reverse();
            if (_failed is { RectifySelf: true } self)
            {
                back = back.Prepend(self);
            }

            return !back.ToList().All(h => h.Rectifiers.All(Step));
        }

        private bool Step(SpecReference reference)
        {
            if (reference.Kind == ReferenceKind.Program)
            {
                ProgramModel nested = model.Programs.Single(p => p.Name == reference.Name);
                return Has(nested.Args, fill: true) && nested.Hooks.All(Step) && Leave(nested);
            }

            HookModel hook = model.Hooks.Single(h => h.Name == reference.Name);
            if (!hook.Dependencies.All(Step))
            {
                return false;
            }

            if (!Has(hook.Args, fill: false) || (!_isWayBack && _left-- == 0))
            {
                _failed = _isWayBack ? _failed : hook;
                return false;
            }

            Write(hook.Outputs!.Value);
            if (!_isWayBack)
            {
                _completed.Add(hook);
            }

            return true;
        }

        /// <summary>What is optional comes unless its variable is one of the absent.</summary>
        private void Write(EquatableArray<ArgModel> args) => _pool.UnionWith(args
            .Where(a => a.Required || a.Default is not null || (absent & (1 << Array.IndexOf(s_variables, a.Name))) == 0)
            .Select(a => a.Name));

        private bool Leave(ProgramModel left) => Has(left.Outputs, fill: true);

        private bool Has(EquatableArray<ArgModel> args, bool fill)
        {
            if (fill)
            {
                _pool.UnionWith(args.Where(a => a.Default is not null).Select(a => a.Name));
            }

            return args.All(a => !a.Required || a.Default is not null || _pool.Contains(a.Name));
        }
    }
}
