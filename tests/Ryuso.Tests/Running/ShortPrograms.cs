using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>
/// All programs of up to so many hooks: every sequence of as many, every acyclic choice of up to 2 dependencies for each hook
/// (the same one twice included), each hook with and without a rectifier, and every way to bracket the sequence
/// into nested programs up to so deep. Hooks are numbered as they are first entered; a numbering that breaks this
/// is the same program under other names and is left out.
/// </summary>
internal static class ShortPrograms
{
    /// <summary>One spec for each choice of sequence, dependencies and rectifiers; its programs p0, p1, … are the bracketings.</summary>
    public static IEnumerable<JsonObject> Specs(int most, int depth) =>
        from hooks in Enumerable.Range(1, most)
        from length in Enumerable.Range(1, most)
        from dependencies in Lists(Lists(Enumerable.Range(0, hooks), 0, 2), hooks, hooks)
        where IsAcyclic(dependencies)
        from sequence in Lists(Enumerable.Range(0, hooks), length, length)
        where IsCanonical(sequence, dependencies)
        from rectified in Enumerable.Range(0, 1 << hooks)
        select Spec(sequence, dependencies, rectified, depth);

    private static IEnumerable<T[]> Lists<T>(IEnumerable<T> items, int least, int most) =>
        Enumerable.Range(least, most - least + 1).SelectMany(length =>
            Enumerable.Range(0, length).Aggregate(Enumerable.Repeat(Array.Empty<T>(), 1), (lists, _) => lists.SelectMany(list => items.Select(item => (T[])[.. list, item]))));

    private static bool IsAcyclic(int[][] dependencies)
    {
        bool Reaches(int from, int to, int steps) => steps > 0 && dependencies[from].Any(d => d == to || Reaches(d, to, steps - 1));
        return !Enumerable.Range(0, dependencies.Length).Any(h => Reaches(h, h, dependencies.Length));
    }

    private static bool IsCanonical(int[] sequence, int[][] dependencies)
    {
        List<int> entered = [];
        void Enter(int hook)
        {
            if (!entered.Contains(hook))
            {
                entered.Add(hook);
            }

            Array.ForEach(dependencies[hook], Enter);
        }

        Array.ForEach(sequence, Enter);
        return entered.SequenceEqual(Enumerable.Range(0, dependencies.Length));
    }

    private static JsonObject Spec(int[] sequence, int[][] dependencies, int rectified, int depth)
    {
        var hooks = new JsonObject();
        for (int i = 0; i < dependencies.Length; i++)
        {
            hooks["h" + i] = Hook("h" + i, dependencies[i], (rectified >> i & 1) == 1 ? ["u" + i] : []);
            hooks["u" + i] = Hook("u" + i, [], []);
        }

        var programs = new JsonObject();
        string[] leaves = [.. sequence.Select(h => "hooks.h" + h)];
        foreach ((string[] items, int number) in Bracketings(leaves, depth, programs).ToArray().Select((b, i) => (b, i)))
        {
            programs["p" + number] = Program(items);
        }

        return new JsonObject { ["name"] = "t", ["programs"] = programs, ["hooks"] = hooks };
    }

    /// <summary>Every way to write the leaves as items, each a leaf or a nested program; nested ones are added to <paramref name="programs"/>.</summary>
    private static IEnumerable<string[]> Bracketings(string[] leaves, int depth, JsonObject programs)
    {
        if (leaves.Length == 0)
        {
            yield return [];
        }

        for (int taken = 1; taken <= leaves.Length; taken++)
        {
            List<string> first = taken == 1 ? [leaves[0]] : [];
            first.AddRange(depth == 0 ? [] : Bracketings(leaves[..taken], depth - 1, programs).Select(items => Nested(items, programs)));
            foreach (string[] rest in Bracketings(leaves[taken..], depth, programs))
            {
                foreach (string item in first)
                {
                    yield return [item, .. rest];
                }
            }
        }
    }

    private static string Nested(string[] items, JsonObject programs)
    {
        string name = "of " + string.Join(' ', items.Select(item => item.Replace("programs.of", "b", StringComparison.Ordinal).Replace("hooks.", "", StringComparison.Ordinal))) + " e";
        programs[name] ??= Program(items);
        return "programs." + name;
    }

    private static JsonObject Program(string[] items) =>
        new() { ["hooks"] = new JsonArray([.. items.Select(i => (JsonNode)i)]), ["args"] = new JsonObject(), ["outputs"] = new JsonObject() };

    private static JsonObject Hook(string name, int[] dependencies, string[] rectifiers) => new()
    {
        ["reference"] = "t." + name,
        ["args"] = new JsonObject(),
        ["dependencies"] = new JsonArray([.. dependencies.Select(d => (JsonNode)("h" + d))]),
        ["rectifiers"] = new JsonArray([.. rectifiers.Select(r => (JsonNode)r)]),
    };
}
