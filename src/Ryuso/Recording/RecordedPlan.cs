using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Json;

namespace Ryuso.Recording;

/// <summary>
/// A plan as it is recorded: by references, so that a spec that has changed since can still read it.
/// Read back, its hooks and programs are the spec's own; those that the spec has no longer stand behind them, by name only.
/// </summary>
internal sealed record RecordedPlan(ProgramDefinition Program, HookDefinition[] Hooks, ProgramDefinition[] Programs)
{
    private const string Dependency = " as dependency";

    private static readonly (string Verb, string Space)[] s_kinds = [("enter ", "hooks."), ("run ", "hooks."), ("begin ", "programs."), ("end ", "programs.")];

    public static JournaledPlan Write(ProgramDefinition program, SpecDefinition spec)
    {
        JsonArray Line(PlanOp[] line) => new([.. line.Select(step => JsonValue.Create(Word(step, spec)))]);
        HookDefinition[] reversible = [.. program.Plan.Where(s => s.Kind == PlanOpKind.InvokeHook).Select(s => spec.Hooks[s.Index]).Distinct().Where(h => h.Rectifiers.Length > 0)];
        var plan = new JsonObject
        {
            ["program"] = program.Name,
            ["line"] = Line(program.Plan),
            ["rectifiers"] = new JsonObject(reversible.Select(h => KeyValuePair.Create(h.Reference, (JsonNode?)new JsonArray([.. h.Rectifiers.Select(Line)])))),
            ["rectify_self"] = new JsonArray([.. reversible.Where(h => h.RectifySelf).Select(h => JsonValue.Create(h.Reference))]),
        };
        byte[] json = JsonBytes.Of(plan);
        return new JournaledPlan(Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 16)), Encoding.UTF8.GetString(json));
    }

    /// <exception cref="JournalException">The text is no plan.</exception>
    public static RecordedPlan Read(string json, SpecDefinition spec)
    {
        try
        {
            return new Reader(spec).Read((JsonObject)JsonNode.Parse(json)!);
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidCastException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new JournalException("The journal holds a plan that cannot be read; it was written by another version or changed by hand.", exception);
        }
    }

    private static string Word(PlanOp step, SpecDefinition spec) => s_kinds[(int)step.Kind].Verb
        + (step.Kind <= PlanOpKind.InvokeHook ? spec.Hooks[step.Index].Reference : "programs." + spec.Programs[step.Index].Name)
        + (step.IsDependency ? Dependency : "");

    private sealed class Reader(SpecDefinition spec)
    {
        private readonly List<HookDefinition> _hooks = [.. spec.Hooks];
        private readonly List<ProgramDefinition> _programs = [.. spec.Programs];
        private readonly Dictionary<string, int> _indices = spec.Hooks.Select((hook, index) => (hook.Reference, index)).ToDictionary(h => h.Reference, h => h.index);

        public RecordedPlan Read(JsonObject plan)
        {
            string name = plan["program"]!.GetValue<string>();
            PlanOp[] line = Line(plan["line"]!);
            var rectifiers = (JsonObject)plan["rectifiers"]!;
            HashSet<string> self = [.. plan["rectify_self"]!.AsArray().Select(r => r!.GetValue<string>())];
            foreach (int hook in line.Where(s => s.Kind == PlanOpKind.InvokeHook).Select(s => s.Index).Distinct().ToArray())
            {
                string reference = _hooks[hook].Reference;
                PlanOp[][] back = [.. (rectifiers[reference]?.AsArray() ?? []).Select(r => Line(r!))];
                _hooks[hook] = _hooks[hook] with { Rectifiers = back, RectifySelf = self.Contains(reference) };
            }

            ProgramDefinition program = spec.Programs.FirstOrDefault(p => p.Name == name) ?? Gone(name);
            return new RecordedPlan(program with { Plan = line }, [.. _hooks], [.. _programs]);
        }

        private PlanOp[] Line(JsonNode line) => [.. line.AsArray().Select(word => Step(word!.GetValue<string>()))];

        private PlanOp Step(string word)
        {
            bool isDependency = word.EndsWith(Dependency, StringComparison.Ordinal);
            string rest = isDependency ? word[..^Dependency.Length] : word;
            int kind = Array.FindIndex(s_kinds, k => rest.StartsWith(k.Verb + k.Space, StringComparison.Ordinal));
            if (kind < 0)
            {
                throw new FormatException(word);
            }

            string reference = rest[s_kinds[kind].Verb.Length..];
            return new PlanOp((PlanOpKind)kind, kind <= (int)PlanOpKind.InvokeHook ? Hook(reference) : Program(reference["programs.".Length..]), isDependency);
        }

        private int Hook(string reference)
        {
            if (!_indices.TryGetValue(reference, out int index))
            {
                index = _hooks.Count;
                _indices.Add(reference, index);
                _hooks.Add(new HookDefinition(reference, [], []));
            }

            return index;
        }

        private int Program(string name)
        {
            int index = _programs.FindIndex(p => p.Name == name);
            if (index < 0)
            {
                index = _programs.Count;
                _programs.Add(Gone(name));
            }

            return index;
        }

        private static ProgramDefinition Gone(string name) => new(name, null, [], [], []);
    }
}
