using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Journal.Tests.Files;
using Ryuso.Journal.Tests.Memory;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests;

/// <summary>The request key <c>run_id</c>.</summary>
public sealed class RunIdTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task Without_a_journal_it_becomes_the_runs_id_and_nothing_is_remembered()
    {
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(_calls.Add);
        Assert.Equal("mine", (string?)(await orchestrator.AskAsync("back", "mine"))["_run_id"]);
        await orchestrator.AskAsync("back", "mine");
        Assert.Equal(2, _calls.Count(c => c == "a"));
    }

    [Theory]
    [InlineData("""{"program":"one","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2}},"metadata":{"user":"ann"}}""", true)]
    [InlineData("""{"metadata":{"_user":"ann"},"data_pool":{"y":{"b":2,"a":1},"x":1},"run_id":"r","program":"one"}""", true)]
    [InlineData("""{"program":"one","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2},"z":null,"_user":"ann"}}""", true)]
    [InlineData("""{"program":"one","run_id":"r","data_pool":{"x":2,"y":{"a":1,"b":2}},"metadata":{"user":"ann"}}""", false)]
    [InlineData("""{"program":"one","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2}}}""", false)]
    [InlineData("""{"program":"three","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2}},"metadata":{"user":"ann"}}""", false)]
    [InlineData("""{"program":"gone","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2}},"metadata":{"user":"ann"}}""", false)]
    public async Task The_same_request_however_it_is_written_gets_the_recorded_answer_and_another_is_refused(string request, bool isSame)
    {
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(_calls.Add);
        await orchestrator.UseJournalAsync(new MemoryJournal(new Disk([]), new Crash()), TestContext.Current.CancellationToken);
        string first = await SendAsync(orchestrator, """{"program":"one","run_id":"r","data_pool":{"x":1,"y":{"a":1,"b":2}},"metadata":{"user":"ann"}}""");
        string second = await SendAsync(orchestrator, request);
        Assert.Equal(1, _calls.Count(c => c == "a"));
        if (isSame)
        {
            Assert.Equal(first, second);
        }
        else
        {
            Assert.Equal("bad_request", (string?)JsonNode.Parse(second)!["_error_code"]);
        }
    }

    [Theory]
    [InlineData("5")]
    [InlineData("\"\"")]
    [InlineData("[]")]
    public async Task It_must_be_a_string_of_some_length(string runId)
    {
        string answer = await SendAsync(TestSpec.Orchestrator(), $$"""{"program":"one","run_id":{{runId}}}""");
        Assert.Contains("'run_id' must be a string", answer, StringComparison.Ordinal);
        Assert.Contains("'run_id' must be a string", await SendAsync(TestSpec.Orchestrator(), $$"""{"program":"one","run_id":"{{new string('x', 201)}}"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_comes_while_its_run_is_under_way_waits_for_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var orchestrator = new SpecOrchestrator(TestSpec.Steps, async (name, _, _) =>
        {
            _calls.Add(name);
            await gate.Task;
            return HookResult.Ok;
        });
        await orchestrator.UseJournalAsync(new MemoryJournal(new Disk([]), new Crash()), TestContext.Current.CancellationToken);
        Task<JsonObject> first = orchestrator.AskAsync("one", "r"), second = orchestrator.AskAsync("one", "r");
        Assert.False(second.IsCompleted);
        gate.SetResult();
        Assert.Equal((await first).ToJsonString(), (await second).ToJsonString());
        Assert.Equal(["plain", "a"], _calls);
    }

    [Fact]
    public async Task A_request_that_was_rejected_has_not_used_its_id()
    {
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(_calls.Add);
        await orchestrator.UseJournalAsync(new MemoryJournal(new Disk([]), new Crash()), TestContext.Current.CancellationToken);
        Assert.Equal("unknown_program", (string?)(await orchestrator.AskAsync("gone", "r"))["_error_code"]);
        Assert.Null((await orchestrator.AskAsync("one", "r"))["_error_code"]);
    }

    private static async Task<string> SendAsync(SpecOrchestrator orchestrator, string request)
    {
        var answer = new ArrayBufferWriter<byte>();
        await orchestrator.RunRequestAsync(Encoding.UTF8.GetBytes(request), answer, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(answer.WrittenSpan);
    }
}
