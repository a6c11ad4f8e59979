using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Journal.Tests.Files;
using Ryuso.Journal.Tests.Memory;
using Ryuso.Testing;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests;

/// <summary>A hook puts into the pool what no JSON can hold: the next step that would need a record of it fails before it starts, and everything is reversed.</summary>
public sealed class UnrecordableTests
{
    private static readonly Dictionary<string, (string Variable, Action<DataPool> Put)> s_values = new()
    {
        ["half a pair"] = ("text", pool => pool.Set(0, "x\uD800")),
        ["the other half"] = ("text", pool => pool.Set(0, "\uDC00 and \uD83D\uDE00")),
        ["half a pair in a dict"] = ("other", pool => pool["other"] = new JsonObject { ["in"] = new JsonArray("\uD83D") }),
        ["half a pair as a key"] = ("text", pool => pool["text"] = new JsonObject { ["\uDC00"] = 1 }),
        ["a NaN in a dict"] = ("text", pool => pool["text"] = new JsonObject { ["rate"] = double.NaN }),
        ["a list nested deeper than can be read"] = ("text", pool => pool["text"] = Nested(63)),
        ["an unnamed list nested deeper than can be read"] = ("other", pool => pool["other"] = Nested(63)),
        ["an infinity in a list"] = ("other", pool => pool["other"] = new JsonArray(double.PositiveInfinity)),
    };

    private static readonly SpecDefinition s_spec = SpecDefinitions.Compile("""
        { "name": "t",
          "programs": { "p": { "hooks": ["a", "b"], "args": { "text": { "type": "string", "required": false } }, "outputs": {} } },
          "hooks": {
            "a": { "reference": "t.a", "args": {}, "rectifiers": ["ua"] }, "ua": { "reference": "t.ua", "args": {} },
            "b": { "reference": "t.b", "args": {}, "rectifiers": ["ub"] }, "ub": { "reference": "t.ub", "args": {} } } }
        """);

    private readonly List<string> _calls = [];
    private readonly Disk _disk = new([]);

    public static TheoryData<string> Cases => [.. s_values.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_step_behind_it_fails_and_what_was_done_is_reversed(string value)
    {
        JsonObject answer = await RunAsync(s_values[value].Put);
        Assert.Equal(["a", "ua"], _calls);
        Assert.StartsWith($"The variable '{s_values[value].Variable}' cannot be recorded as JSON: ", (string?)answer["_error"], StringComparison.Ordinal);
        Assert.Equal("""["hooks.a"]""", answer["_rectified"]!.ToJsonString());
        Assert.Equal(RunStatus.Rectified, Disk.Find(_disk.Events, "r")!.Status);
    }

    [Fact]
    public async Task A_float_that_is_no_number_fails_its_own_hook()
    {
        JsonObject answer = await RunAsync(pool => pool["other"] = JsonValue.Create(double.NaN));
        Assert.Equal(["a"], _calls);
        Assert.Equal("A variable cannot be NaN: JSON has no such number.", (string?)answer["_error"]);
        Assert.Equal(RunStatus.Rectified, Disk.Find(_disk.Events, "r")!.Status);
    }

    /// <summary>A text that only looks like the mark by which half a pair is known.</summary>
    [Theory]
    [InlineData("\\uFFFD")]
    [InlineData("\uFFFD")]
    [InlineData("\uD83D\uDE00")]
    [InlineData("\\")]
    public async Task A_text_that_is_whole_is_recorded(string text)
    {
        JsonObject answer = await RunAsync(pool => (pool["text"], pool["other"]) = (JsonValue.Create(text), new JsonObject { [text] = text }));
        Assert.Null(answer["_error"]);
        JsonObject recorded = (JsonObject)JsonNode.Parse(_disk.Events.First(e => e.Kind == JournalEventKind.StepCompleted).PoolDelta!)!;
        Assert.Equal((text, text), ((string?)recorded["text"], (string?)recorded["other"]![text]));
    }

    [Fact]
    public async Task Value_of_the_greatest_depth_is_recorded_and_read_back()
    {
        JsonObject answer = await RunAsync(pool => (pool["text"], pool["other"]) = (Nested(62), Nested(62)));
        Assert.Null(answer["_error"]);

        // The process ends before the outcome is recorded.
        var disk = new Disk(_disk.Events.TakeWhile(e => e.Kind != JournalEventKind.RunFinished));
        _calls.Clear();
        string? seen = null;
        var again = new SpecOrchestrator(s_spec, (name, pool, _) =>
        {
            _calls.Add(name);
            seen = pool["other"]!.ToJsonString();
            return new(HookResult.Ok);
        });
        await again.UseJournalAsync(new MemoryJournal(disk, new Crash()), TestContext.Current.CancellationToken);
        Assert.Equal(["ub", "ua"], _calls);
        Assert.Equal(Nested(62).ToJsonString(), seen);
    }

    private static JsonNode Nested(int depth)
    {
        JsonNode node = new JsonArray();
        for (int i = 1; i < depth; i++)
        {
            node = new JsonArray(node);
        }

        return node;
    }

    private async Task<JsonObject> RunAsync(Action<DataPool> a)
    {
        var orchestrator = new SpecOrchestrator(s_spec, (name, pool, _) =>
        {
            _calls.Add(name);
            if (name == "a")
            {
                a(pool);
            }

            return new(HookResult.Ok);
        });
        await orchestrator.UseJournalAsync(new MemoryJournal(_disk, new Crash()), TestContext.Current.CancellationToken);
        return await orchestrator.AskAsync("p", "r");
    }
}
