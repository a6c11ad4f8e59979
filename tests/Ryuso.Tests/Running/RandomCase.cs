using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace Ryuso.Tests.Running;

/// <summary>A request whose keys stand in any order; the last two of the orders leave out what a client may leave out.</summary>
internal sealed record Request(string Program, JsonObject DataPool, JsonObject Metadata, int Order)
{
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <summary>The caller's own id of the run; null for none.</summary>
    public string? RunId { get; init; }

    public override string ToString()
    {
        string program = $"\"program\":\"{Program}\"{(RunId is null ? "" : $",\"run_id\":\"{RunId}\"")}";
        string pool = $"\"data_pool\":{JsonText.Of(DataPool)}";
        string metadata = Metadata.Count == 0 && Order > 3 ? "" : $"\"metadata\":{JsonText.Of(Metadata)}";
        string[] keys = Order switch
        {
            0 => [pool, metadata, program],
            1 => [program, "\"more\":[{}]", metadata, pool],
            2 => [metadata, pool, program],
            3 => [program, metadata, pool],
            4 => [program, pool, metadata],
            _ => [metadata, pool, program],
        };
        return $"{{{string.Join(Order == 5 ? " , " : ",", keys.Where(key => key.Length > 0))}}}";
    }
}

/// <summary>A random valid spec, requests to it, and what its hooks do.</summary>
internal sealed record RandomCase(JsonObject Spec, Request[] Requests, Act[] Acts)
{
    private static readonly string[] s_names = ["i", "s", "b", "f", "l", "d", "_m"];
    private static readonly string[] s_types = ["int", "string", "bool", "float", "list", "dict", "str"];

    // Each type's values in one row of four, so that a value is two small numbers and shrinks well.
    private static readonly string[][] s_values =
    [
        ["1", "-7", "9223372036854775807", "0"],
        ["\"\"", "\"é \\\" <\"", "\"null\"", "\"x\""],
        ["true", "false", "true", "false"],
        ["2.5", "3.0", "1e2", "4"],
        ["[]", "[1,{\"x\":2.50}]", "[null]", "[[]]"],
        ["{}", "{\"k\":[null,1e2]}", "{\"x\":{}}", "{\"é\":true}"],
        ["\"m\"", "\"n\"", "\"\"", "\"o\""],
    ];

    // Hooks may take the engine's variables as arguments. Those that tell of a failure are absent while a run goes on.
    private static readonly Dictionary<int, (string Name, string Type, bool Required)> s_magicArgs = new()
    {
        [6] = ("_program_name", "string", true),
        [7] = ("_program_time_start", "int", true),
        [8] = ("_run_id", "string", true),
        [9] = ("_error", "string", false),
    };

    private static readonly Gen<(string Name, string? Value)> s_variable = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 80], Gen.Int[0, 3], (name, kind, value) =>
        (s_names[name], kind > 76 ? null : kind < 7 ? s_values[kind][value] : s_values[name][value]));

    private static readonly Gen<Write> s_write = Gen.Select(s_variable, Gen.Int[0, 80], (variable, special) => special switch
    {
        0 => new Write("_error", "1"),
        1 => new Write("_program_name", null),
        2 or 3 or 4 => new Write("x", variable.Value),
        5 => new Write("_x", variable.Value),
        > 70 => new Write("l", Write.Append),
        _ => new Write(variable.Name, variable.Value),
    });

    // Failing is rare, commoner or common, so that the long ways through a spec are gone too.
    public static readonly Gen<Act[]> AnyActs = Gen.Int[0, 20].SelectMany(failing => Gen.Select(
        Gen.Int[0, 99], Gen.Int[1, 5], Gen.Int[0, 3], s_write.Array[0, 2],
        (dice, how, yields, writes) => new Act(dice < 100 - failing ? Ending.Ok : (Ending)how, yields == 3, writes)).Array[1, 30]);

    private static readonly Gen<(string Name, JsonObject Arg)> s_arg = Gen.Select(
        Gen.Int[0, 6], Gen.Int[0, 120], Gen.Int[0, 2], Gen.Int[0, 7],
        (name, wrong, required, value) =>
        {
            int type = wrong < 7 ? wrong : name;
            var arg = new JsonObject { ["type"] = s_types[type], ["required"] = required == 2 };
            if (value < 4)
            {
                arg["default"] = JsonNode.Parse(s_values[type][value]);
            }

            return (s_names[name], arg);
        });

    private static readonly Gen<(string Name, JsonObject Arg)[]> s_args = Gen.Int[0, 5].SelectMany(many => s_arg.Array[0, many > 2 ? 0 : many]);

    // One row of references means hooks of a program or dependencies of a hook, the other rectifiers.
    public static readonly Gen<JsonObject> AnySpec = Gen.Select(
        Gen.Int[0, 3], Gen.Int[0, 59].Array[0, 4], Gen.Int[0, 59].Array[0, 2], s_args, s_args, Gen.Int[0, 14],
        (kind, references, rectifiers, args, outputs, extras) => (kind, references, rectifiers, args, outputs, extras)).Array[2, 9].Select(nodes =>
    {
        var programs = new JsonObject();
        var hooks = new JsonObject();
        bool IsProgram(int node) => node == 0 || (node < nodes.Length - 1 && nodes[node].kind == 3);

        // Each node refers to later ones only: no cycles.
        string Refer(int from, int pick)
        {
            int to = from + 1 + (pick % (nodes.Length - from - 1));
            return IsProgram(to) ? $"programs.n{to}" : pick < 5 ? $"n{to}" : $"hooks.n{to}";
        }

        JsonArray References(int from, int[] picks) => from == nodes.Length - 1 ? [] : [.. picks.Select(p => (JsonNode)Refer(from, p))];
        for (int i = 0; i < nodes.Length; i++)
        {
            var (_, references, rectifiers, args, outputs, extras) = nodes[i];
            if (IsProgram(i))
            {
                programs["n" + i] = new JsonObject { ["hooks"] = References(i, [.. references, i + 1]), ["args"] = Dict(args), ["outputs"] = Dict(outputs) };
                continue;
            }

            var hook = new JsonObject { ["reference"] = "t.n" + i, ["args"] = Dict(args), ["dependencies"] = References(i, [.. references.Take(2)]), ["rectifiers"] = References(i, rectifiers) };
            if (extras is 1 or 2 or 3)
            {
                hook["retry"] = new JsonObject { ["attempts"] = extras, ["delay_ms"] = 0 };
            }

            if (extras is 3 or 4 or 5)
            {
                hook["rectify_self"] = true;
            }

            if (s_magicArgs.TryGetValue(extras, out var magic))
            {
                hook["args"]![magic.Name] = new JsonObject { ["type"] = magic.Type, ["required"] = magic.Required };
            }

            hooks["n" + i] = hook;
        }

        return new JsonObject { ["name"] = "t", ["programs"] = programs, ["hooks"] = hooks };
    });

    public static readonly Gen<Request> AnyRequest = Gen.Select(
        Gen.Int[0, 60], s_variable.Array[0, 16], s_variable.Array[0, 1], Gen.Int[0, 40], Gen.Int[0, 5],
        (program, variables, metadata, special, order) =>
        {
            JsonObject meta = Dict(metadata.Select(m => (m.Name.TrimStart('_'), m.Value)));
            if (special < 6)
            {
                meta[((string[])["_flag", "flag", "_error", "program_name", "_run_id", "_m"])[special]] = 1;
            }

            // One variable under two names.
            if (special is 6 or 7)
            {
                (meta["m"], meta["_m"]) = (special, special);
            }

            // The first program mostly: the others are parts of it.
            return new Request(program < 55 ? "n0" : "n" + (program - 54), Dict(order == 1 ? variables.Append(("x", "[0.10]")) : variables), meta, order);
        });

    public static readonly Gen<RandomCase> Any = Gen.Select(AnySpec, AnyRequest.Array[1, 3], AnyActs, (spec, requests, acts) => new RandomCase(spec, requests, acts));

    public Act Act(int call, bool isRectifying) => Acts[(call + (isRectifying ? 1 : 0)) % Acts.Length];

    public override string ToString() => string.Join('\n',
        [JsonText.Of(Spec)!, .. Requests.Select(r => r.ToString()), .. Acts.Select((act, i) => $"call {i}: {act}")]);

    private static JsonObject Dict(IEnumerable<(string Name, JsonObject Arg)> args) =>
        new(args.DistinctBy(a => a.Name).Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.Arg.DeepClone())));

    private static JsonObject Dict(IEnumerable<(string Name, string? Value)> variables) =>
        new(variables.DistinctBy(v => v.Name).Select(v => KeyValuePair.Create(v.Name, JsonNode.Parse(v.Value ?? "null"))));
}
