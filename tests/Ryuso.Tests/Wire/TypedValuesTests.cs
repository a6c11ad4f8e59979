using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Protocol;
using Ryuso.TestKit;

namespace Ryuso.Tests.Wire;

/// <summary>What the spec says of the inside of lists and dicts is held against every value, and each error has its own place.</summary>
public sealed class TypedValuesTests
{
    private const string Order = """
        {
          "name": "Shop",
          "programs": {
            "order": {
              "hooks": ["work"],
              "args": {
                "lines": {
                  "type": "list", "required": true,
                  "items": {
                    "sku": { "type": "string", "required": true },
                    "qty": { "type": "int", "required": true, "default": 1 },
                    "tax": { "type": "dict", "required": false, "fields": { "rate": { "type": "float", "required": true } } },
                    "tags": { "type": "list", "required": false, "items": "string" }
                  }
                },
                "to": { "type": "dict", "required": false, "fields": { "a.b": { "type": "bool", "required": true } } }
              },
              "outputs": { "picked": { "type": "list", "required": false, "items": "int" } }
            }
          },
          "hooks": { "work": { "reference": "shop.work", "args": {} } }
        }
        """;

    private static readonly int s_values = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_RANDOM_SHAPES"), CultureInfo.InvariantCulture, out int n) ? n : 2_000;

    private static readonly string[] s_types = ["string", "int", "float", "bool", "list", "dict"];

    private static readonly string[] s_numbers =
        ["0", "-7", "9223372036854775807", "9223372036854775808", "1.0", "1e3", "-0", "0.1", "1e400"];

    [Theory]
    [InlineData("""{"lines":[]}""", null)]
    [InlineData("""{"lines":[{"sku":"a"}]}""", null)]
    [InlineData("""{"lines":[{"sku":"a","qty":2,"tax":{"rate":5},"tags":["x"],"more":[{}]},{"sku":"b","qty":null,"tax":null}]}""", null)]
    [InlineData("""{"lines":[{"sk\u0075":"a"}]}""", null)]
    [InlineData("""{"lines":[{"sku":"a"},{"sku":"b"},{"sku":"c","qty":"2"}]}""", "lines[2].qty must be int, not string")]
    [InlineData("""{"lines":[{"sku":"a","qty":2.0}]}""", "lines[0].qty must be int, not float")]
    [InlineData("""{"lines":[{"qty":1},{"sku":null}]}""", "lines[0].sku (string) is missing; lines[1].sku (string) is missing")]
    [InlineData("""{"lines":[null,"a",["b"]]}""", "lines[0] must be dict, not null; lines[1] must be dict, not string; lines[2] must be dict, not list")]
    [InlineData("""{"lines":[{"sku":"a","tags":["b",1],"tax":{"rate":true}}]}""", "lines[0].tags[1] must be string, not int; lines[0].tax.rate must be float, not bool")]
    [InlineData("""{"lines":[{"sku":"a","tax":{}}],"to":{"a.b":0}}""", "lines[0].tax.rate (float) is missing; to.a.b must be bool, not int")]
    [InlineData("""{"lines":{},"to":[]}""", "'lines' must be list but is dict; 'to' must be dict but is list")]
    [InlineData("""{"to":{}}""", "'lines' (list) is missing; to.a.b (bool) is missing")]
    public async Task Request_is_checked_to_its_last_element_before_anything_runs(string pool, string? expected)
    {
        int ran = 0;
        var orchestrator = SpecOrchestrator.Of(Order, (_, _) =>
        {
            ran++;
            return HookResult.Ok;
        });
        JsonObject answer = await orchestrator.AnswerAsync("order", pool);
        string? error = (string?)answer["_server_error"];
        Assert.Equal((expected is null ? 1 : 0, expected is null), (ran, error is null));
        Assert.Contains(expected ?? "", error ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_with_a_wrong_element_fails_the_run()
    {
        var orchestrator = SpecOrchestrator.Of(Order, (_, pool) =>
        {
            pool["picked"] = new JsonArray(1, 2, "three");
            return HookResult.Ok;
        });
        JsonObject answer = await orchestrator.AnswerAsync("order", """{"lines":[]}""");
        Assert.True((bool)answer["_program_fail"]!);
        Assert.Contains("picked[2] must be int, not string", (string?)answer["_error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Value_that_is_wrong_everywhere_has_an_error_of_bounded_length()
    {
        string pool = $$"""{"lines":[{{string.Join(',', Enumerable.Repeat("1", 100_000))}}]}""";
        string error = (string)(await SpecOrchestrator.Of(Order, (_, _) => HookResult.Ok).AnswerAsync("order", pool))["_server_error"]!;
        Assert.Contains("lines[19] must be dict, not int; and more in 'lines'", error, StringComparison.Ordinal);
        Assert.DoesNotContain("lines[20]", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Description_says_what_is_in_a_list_or_dict_as_the_spec_does()
    {
        JsonNode given = JsonNode.Parse(Order)!["programs"]!["order"]!;
        JsonNode answer = JsonNode.Parse(Encoding.UTF8.GetString(SpecDescription.Of(SpecDefinitions.Compile(Order), null)))!["programs"]!["order"]!;
        Assert.True(JsonNode.DeepEquals(given["args"], answer["args"]), answer["args"]!.ToJsonString());
        Assert.True(JsonNode.DeepEquals(given["outputs"], answer["outputs"]), answer["outputs"]!.ToJsonString());
    }

    [Fact]
    public void Random_value_is_judged_as_a_naive_checker_judges_it_by_whichever_way_it_came()
    {
        int good = 0, bad = 0;
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                JsonObject arg = RandomArg(random, depth: 0);
                string value = RandomValue(random, arg, depth: 0);

                // A variable that no double can hold makes a request that is no request.
                value = value == "1e400" ? "0.1" : value;
                List<string> expected = [];
                Check(arg, JsonDocument.Parse(value).RootElement, "v", expected);
                string declared = arg.ToJsonString();
                string spec = """{"name":"T","programs":{"p":{"hooks":[],"args":{"v":ARG},"outputs":{"v":ARG}}},"hooks":{}}""".Replace("ARG", declared, StringComparison.Ordinal);
                ArgDefinition[] args = SpecDefinitions.Compile(spec).Programs[0].Args;
                byte[] request = Encoding.UTF8.GetBytes("""{"program":"p","data_pool":{"v":VALUE}}""".Replace("VALUE", value, StringComparison.Ordinal));
                var programs = new Utf8NameTable(["p"]);
                var slots = new PoolSlots(["v"]);
                var fast = new FastRequestParser(request, slots);
                Assert.True(fast.TryParse(programs));
                AssertSame(expected, slots.FindProblems(args));

                slots.Clear();
                int program = -1;
                string? unknown = null;
                Assert.Null(RequestParser.ParseAny(request, slots, programs, ref program, ref unknown));
                AssertSame(expected, slots.FindProblems(args));

                slots.Clear();
                slots.SetNode(0, JsonNode.Parse(value));
                AssertSame(expected, slots.FindProblems(args));
                _ = expected.Count == 0 ? good++ : bad++;
            },
            iter: s_values,
            threads: 1);
        Assert.True(good > s_values / 10 && bad > s_values / 10, $"{good} good and {bad} bad values prove little.");
    }

    private static void AssertSame(List<string> expected, string? found)
    {
        // A value that is wrong as a whole is reported by the check of the variables.
        string[] problems = found?.Split("; ") ?? [];
        if (expected is ["v"])
        {
            Assert.StartsWith("'v' must be ", Assert.Single(problems), StringComparison.Ordinal);
        }
        else if (expected.Count > 20)
        {
            Assert.Equal("and more in 'v'", problems[20]);
            Assert.Empty(problems[..20].Select(Place).Except(expected));
        }
        else
        {
            Assert.Equal(expected.Order(StringComparer.Ordinal), problems.Select(Place).Order(StringComparer.Ordinal));
        }

        static string Place(string problem) => problem[..problem.IndexOf(' ', StringComparison.Ordinal)];
    }

    private static JsonObject RandomArg(Random random, int depth)
    {
        string type = depth == 0 ? s_types[random.Next(4, 6)] : s_types[random.Next(depth < 4 ? 6 : 4)];
        var arg = new JsonObject { ["type"] = type, ["required"] = depth == 0 || random.Next(3) > 0 };
        if (type == "list" && random.Next(8) > 0)
        {
            arg["items"] = random.Next(2) == 0 ? s_types[random.Next(6)] : RandomFields(random, depth);
        }
        else if (type == "dict" && random.Next(8) > 0)
        {
            arg["fields"] = RandomFields(random, depth);
        }
        else if (type == "int" && random.Next(4) == 0)
        {
            arg["default"] = 3;
        }

        return arg;
    }

    private static JsonObject RandomFields(Random random, int depth)
    {
        var fields = new JsonObject();
        for (int i = random.Next(4); i >= 0; i--)
        {
            fields[$"f{i}"] = RandomArg(random, depth + 1);
        }

        return fields;
    }

    private static string RandomValue(Random random, JsonObject arg, int depth)
    {
        string type = random.Next(25) == 0 ? s_types[random.Next(6)] : (string)arg["type"]!;
        switch (type)
        {
            case "string":
                return random.Next(2) == 0 ? "\"x\"" : "\"\\u0041\\n\"";
            case "int":
                return random.Next(25) == 0 ? s_numbers[random.Next(s_numbers.Length)] : s_numbers[random.Next(3)];
            case "float":
                return s_numbers[random.Next(random.Next(25) == 0 ? s_numbers.Length : s_numbers.Length - 1)];
            case "bool":
                return random.Next(2) == 0 ? "true" : "false";
            case "list":
                JsonObject? items = arg["items"] switch { JsonObject fields => new() { ["type"] = "dict", ["fields"] = fields.DeepClone() }, null => null, var name => new() { ["type"] = (string)name! } };
                return $"[{string.Join(" , ", Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(40) == 0 ? "null" : items is null ? "1" : RandomValue(random, items, depth + 1)))}]";
            default:
                IEnumerable<string> members = (arg["fields"] as JsonObject ?? []).Where(_ => random.Next(12) > 0)
                    .Select(f => $"\"{(random.Next(6) == 0 ? f.Key.Replace("f", "\\u0066", StringComparison.Ordinal) : f.Key)}\" : {(random.Next(20) == 0 ? "null" : RandomValue(random, (JsonObject)f.Value!, depth + 1))}");
                return $"{{{string.Join(',', members.Append("\"other\":[{}]").OrderBy(_ => random.Next()))}}}";
        }
    }

    /// <summary>The places of what is wrong, found the slow and obvious way.</summary>
    private static void Check(JsonNode arg, JsonElement value, string place, List<string> wrong)
    {
        bool fits = (string?)arg["type"] switch
        {
            "string" => value.ValueKind == JsonValueKind.String,
            "int" => value.ValueKind == JsonValueKind.Number && long.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "float" => value.ValueKind == JsonValueKind.Number && double.IsFinite(double.Parse(value.GetRawText(), CultureInfo.InvariantCulture)),
            "bool" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "list" => value.ValueKind == JsonValueKind.Array,
            _ => value.ValueKind == JsonValueKind.Object,
        };
        if (!fits)
        {
            wrong.Add(place);
            return;
        }

        if (arg["items"] is { } items)
        {
            JsonNode element = items is JsonObject ? new JsonObject { ["type"] = "dict", ["fields"] = items.DeepClone() } : new JsonObject { ["type"] = (string)items! };
            int index = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                Check(element, item, $"{place}[{index++}]", wrong);
            }
        }

        foreach ((string name, JsonNode? field) in arg["fields"] as JsonObject ?? [])
        {
            if (value.TryGetProperty(name, out JsonElement given) && given.ValueKind != JsonValueKind.Null)
            {
                Check(field!, given, $"{place}.{name}", wrong);
            }
            else if ((bool)field!["required"]! && field["default"] is null)
            {
                wrong.Add($"{place}.{name}");
            }
        }
    }
}
