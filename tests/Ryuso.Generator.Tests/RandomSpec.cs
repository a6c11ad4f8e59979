using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Generator.Tests;

/// <summary>Writes a spec of awkward names and words from a row of dice.</summary>
internal sealed class RandomSpec(int[] dice)
{
    private static readonly string[] s_names =
    [
        "a", "b", "debit", "class", "new", "string", "record", "await", "field", "value", "args", "pool", "outputs", "system", "task", "ryuso", "microsoft",
        "math", "hooks", "hook", "programs", "wallet", "wallet_pool", "wallet_orchestrator", "wallet_definition", "debit_args", "debit_outputs", "a_args",
        "to_string", "equals", "get_hash_code", "get_type", "finalize", "memberwise_clone", "reference_equals", "clone", "deconstruct", "equality_contract",
        "print_members", "item", "get_int", "set", "run", "invoke", "async", "create_pool", "definition", "register_with_server", "object", "exception",
        "a_b", "aB", "a-b", "A", "ledger", "Ledger", "LEDGER", "名前", "größe", "ß", "ǆ", "İ", "ı", "é", "x1", "no spaces", "op_Addition", "get_a", "_under",
        new('n', 240), "void", "dynamic", "nint", "file", "required", "scoped", "Client", "wallet_client", "int_", "global",
    ];

    private static readonly string[] s_badNames = ["1st", "", "a.b", "a\"b", "😀", "-", new('N', 1100)];

    private static readonly string[] s_words =
    [
        "Plain words.", "", " ", "</summary>", "<b>&amp;</b> & <", "\"quoted\" 'and' `ticked`", "one\ntwo\r\nthree\n", "*/ /* // ///", "\u2028line\u2029paragraph\u0085next",
        "{0} {{ }} {", "\\ \\u0041 \\", "]]>", "<!-- -->", "#if false", "\0\u0001", "\uFFFE", "\ud83d\ude00", "名前", new('w', 5000), "@\"", "\"\"\"",
    ];

    private static readonly string[] s_types = ["string", "str", "int", "float", "bool", "list", "dict"];

    private static readonly string[] s_defaults =
    [
        "\"\"", "\"text\"", "\"\\\"*/\\n\\u2028\\ud83d\\ude00{0}\"", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5", "-0.0", "1e308", "5e-324", "1E5",
        "123456789012345678901234567890", "true", "false", "[]", "[1,\"a\",[null,{}]]", "{}", "{\"a\":{\"b\":[\"</summary>\"]}}", "null", "1e400",
    ];

    private static readonly string[] s_specNames = ["Wallet", "wallet", "my orchestrator", "W-1_x", "Task", "Hooks", "Debit", "a", "Math", new('S', 250), "System", "Ryuso", "1st", "", new('S', 500)];

    private readonly string[] _hooks = new string[4];
    private readonly string[] _programs = new string[3];
    private int _next;

    public string Text()
    {
        Fill(_hooks);
        Fill(_programs);
        JsonObject programs = [];
        JsonObject hooks = [];
        foreach (string name in _programs.Take(1 + Roll(_programs.Length)))
        {
            programs[name] = Program();
        }

        foreach (string name in _hooks)
        {
            hooks[name] = Hook();
        }

        var spec = new JsonObject { ["name"] = Roll(20) > 0 ? s_specNames[Roll(9)] : Pick(s_specNames), ["programs"] = programs, ["hooks"] = hooks };
        if (Roll(2) == 0)
        {
            spec["version"] = Pick(s_words);
        }

        string text = spec.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        return Roll(4) == 0 ? Mutated(text) : text;
    }

    private int Roll(int sides) => _next < dice.Length ? dice[_next++] % sides : 0;

    private T Pick<T>(T[] items) => items[Roll(items.Length)];

    private string Name() => Pick(Roll(200) > 0 ? s_names : s_badNames);

    private void Fill(string[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            string name = Name();
            names[i] = names.Contains(name) ? name + i.ToString(CultureInfo.InvariantCulture) : name;
        }
    }

    private JsonObject Program()
    {
        var program = new JsonObject { ["hooks"] = References(3), ["args"] = Args(3), ["outputs"] = Args(2) };
        Describe(program);
        return program;
    }

    private JsonObject Hook()
    {
        var hook = new JsonObject { ["reference"] = string.Join('.', Enumerable.Range(0, 1 + Roll(4)).Select(_ => Name())), ["args"] = Args(3) };
        Describe(hook);
        if (Roll(2) == 0)
        {
            hook["outputs"] = Args(2);
        }

        if (Roll(6) == 0)
        {
            hook["rectifiers"] = References(2);
        }

        if (Roll(9) == 0)
        {
            hook["dependencies"] = References(1);
        }

        return hook;
    }

    private JsonArray References(int most) =>
        [.. Enumerable.Range(0, Roll(most + 1)).Select(_ => (JsonNode)(Roll(12) > 0 ? "hooks." + Pick(_hooks) : Roll(5) > 0 ? "programs." + Pick(_programs) : Name()))];

    private JsonObject Args(int most)
    {
        JsonObject args = [];
        foreach (int _ in Enumerable.Range(0, Roll(most + 1)))
        {
            string type = Pick(s_types);
            var arg = new JsonObject { ["type"] = type, ["required"] = Roll(2) == 0 };
            Describe(arg);
            if (Roll(2) == 0)
            {
                string[] fitting = type switch
                {
                    "string" or "str" => s_defaults[0..3],
                    "int" => s_defaults[3..7],
                    "float" => s_defaults[3..12],
                    "bool" => s_defaults[13..15],
                    "list" => s_defaults[15..17],
                    _ => s_defaults[17..19],
                };
                arg["default"] = JsonNode.Parse(Roll(60) > 0 ? Pick(fitting) : Pick(s_defaults));
            }

            args[Name()] = arg;
        }

        return args;
    }

    private void Describe(JsonObject of)
    {
        if (Roll(2) == 0)
        {
            of["description"] = Pick(s_words);
        }
    }

    private string Mutated(string text)
    {
        for (int i = Roll(4); i >= 0 && text.Length > 0; i--)
        {
            int at = Roll(text.Length);
            text = Roll(5) switch
            {
                0 => text.Remove(at, 1),
                1 => text.Insert(at, "{}[]\",:0a\\\u0000/*'\n"[Roll(15)].ToString()),
                2 => text.Remove(at, Math.Min(Roll(40), text.Length - at)),
                3 => text.Insert(at, text.Substring(at, Math.Min(Roll(60), text.Length - at))),
                _ => text[..at],
            };
        }

        return text;
    }
}
