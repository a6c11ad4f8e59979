using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests;

/// <summary>What a process that ended has left is brought to its end key by key, while everything else is served.</summary>
public sealed class KeyedRecoveryTests : IDisposable
{
    private const string Spec = """
        {"name":"keyed","programs":{
          "pay":{"key":"accounts","hooks":["take","give"],"args":{"accounts":{"type":"list","required":true}},"outputs":{}},
          "look":{"key":[],"hooks":["take","give"],"args":{},"outputs":{}},
          "break":{"key":"accounts","hooks":["take","fail"],"args":{"accounts":{"type":"list","required":true}},"outputs":{}},
          "lenient":{"key":"accounts","when_stuck":"go_on","hooks":["take","fail"],"args":{"accounts":{"type":"list","required":true}},"outputs":{}},
          "audit":{"hooks":["see"],"args":{},"outputs":{}}},
         "hooks":{
          "take":{"reference":"t.take","args":{},"dependencies":[],"rectifiers":["put_back"]},
          "put_back":{"reference":"t.put_back","args":{},"dependencies":[],"rectifiers":[]},
          "give":{"reference":"t.give","args":{},"dependencies":[],"rectifiers":[]},
          "see":{"reference":"t.see","args":{},"dependencies":[],"rectifiers":[]},
          "fail":{"reference":"t.fail","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private volatile bool _isBroken = true;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Unfinished_runs_hold_their_keys_from_the_first_moment_are_recovered_in_parallel_and_all_else_is_served()
    {
        Close("give");
        await LeaveAsync(("pay", """["a","b"]""", "r1"), ("pay", """["c"]""", "r2"), ("look", "[]", "r3"));
        Close("put_back");
        await using var journal = new SqliteJournal(File("j.db"));
        SpecOrchestrator orchestrator = New();
        await orchestrator.UseJournalAsync(journal, Cancel);
        Task<JsonObject> needsA = AskAsync(orchestrator, "pay", """["a"]""", "n1");
        Task<JsonObject> needsC = AskAsync(orchestrator, "pay", """["c","d"]""", "n2");
        Task<JsonObject> again = AskAsync(orchestrator, "look", "[]", "r3");
        Open("give");
        Assert.Null((await AskAsync(orchestrator, "pay", """["e"]""", "n3"))["_error"]);
        await UntilAsync(() => _calls.Count(call => call.StartsWith("put_back", StringComparison.Ordinal)) == 3);
        Assert.Equal(3, orchestrator.WaitingCount);
        Open("put_back");
        Assert.All(await Task.WhenAll(needsA, needsC), answer => Assert.Null(answer["_error"]));
        Assert.Equal("interrupted", (await again)["_error"] is { } ? "interrupted" : "");
        await orchestrator.WaitForRecoveryAsync(Cancel);
        Assert.Equal(["r1", "r2", "r3"], _calls.Where(call => call.StartsWith("put_back", StringComparison.Ordinal)).Select(call => call[^2..]).Order());
        foreach (string id in (string[])["r1", "r2", "r3"])
        {
            Assert.Equal(RunStatus.Rectified, (await journal.Runs.FindAsync(id, cancellationToken: Cancel))!.Status);
        }
    }

    [Theory]
    [InlineData("break", true)]
    [InlineData("lenient", false)]
    public async Task Keys_of_a_stuck_run_are_kept_over_a_restart(string program, bool isKept)
    {
        await using (var journal = new SqliteJournal(File("j.db")))
        {
            SpecOrchestrator orchestrator = New();
            await orchestrator.UseJournalAsync(journal, Cancel);
            Assert.True((bool)(await AskAsync(orchestrator, program, """["a",7]""", "r"))["_rectifier_fail"]!);
        }

        await using var next = new SqliteJournal(File("j.db"));
        SpecOrchestrator restarted = New();
        await restarted.UseJournalAsync(next, Cancel);
        JsonObject answer = await AskAsync(restarted, "pay", """["7"]""", "n1");
        Assert.Equal(isKept ? "quarantined" : null, (string?)answer["_error_code"]);
        Assert.Equal(isKept, ((string?)answer["_server_error"] ?? "").StartsWith("The key '7' is kept by the run 'r', which is stuck.", StringComparison.Ordinal));
        Assert.Null((await AskAsync(restarted, "pay", """["b"]""", "n2"))["_error_code"]);
        Assert.Null((await AskAsync(restarted, "audit", "[]", "n3"))["_error_code"]);

        // The recorded answer under the run's own id needs no key.
        Assert.True((bool)(await AskAsync(restarted, program, """["a",7]""", "r"))["_rectifier_fail"]!);
    }

    [Theory]
    [InlineData("retry", false, RunStatus.Rectified, true)]
    [InlineData("retry", true, RunStatus.Stuck, false)]
    [InlineData("skip", true, RunStatus.ResolvedWithSkips, true)]
    [InlineData("abandon", true, RunStatus.Abandoned, true)]
    public async Task Decision_gives_the_keys_back_once_the_run_is_settled_and_disturbs_no_other(string decision, bool isStillBroken, RunStatus status, bool isFree)
    {
        await using var journal = new SqliteJournal(File("j.db"));
        SpecOrchestrator orchestrator = New();
        await orchestrator.UseJournalAsync(journal, Cancel);
        await AskAsync(orchestrator, "break", """["a"]""", "r");
        Close("give");
        Task<JsonObject> other = AskAsync(orchestrator, "pay", """["b"]""", "alive");
        await UntilAsync(() => _calls.Contains("give alive"));
        _isBroken = isStillBroken;
        var operations = new StuckRunOperations(journal);
        await (decision switch
        {
            "retry" => operations.RetryAsync("r", "ann", Cancel),
            "skip" => operations.SkipAsync("r", "ann", "by hand", Cancel),
            _ => operations.AbandonAsync("r", "ann", "agreed", Cancel),
        });
        await UntilAsync(() => orchestrator.Lanes is Ryuso.Orchestration.KeyedLanes lanes && lanes.Look(10).Runs.Count == 1
            && journal.Runs.FindAsync("r", cancellationToken: Cancel).AsTask().GetAwaiter().GetResult()!.Status == status
            && (lanes.Look(10).Keys.All(k => k.StuckRuns.Count == 0) == isFree));
        Open("give");
        Assert.Null((await AskAsync(orchestrator, "pay", """["a"]""", "n"))["_error"]);
        Assert.Equal(isFree ? null : "quarantined", (string?)(await AskAsync(orchestrator, "pay", """["a"]""", "n"))["_error_code"]);
        Assert.Empty(await other);
        Assert.DoesNotContain("put_back alive", _calls);
    }

    /// <summary>A process that ends while the runs are in their last hook.</summary>
    private async Task LeaveAsync(params (string Program, string Accounts, string RunId)[] runs)
    {
        // What a process that was killed leaves is its file: a copy of it, while the runs are under way.
        await using var journal = new SqliteJournal(File("dying.db"));
        SpecOrchestrator orchestrator = New();
        await orchestrator.UseJournalAsync(journal, Cancel);
        Task[] asked = [.. runs.Select(run => AskAsync(orchestrator, run.Program, run.Accounts, run.RunId))];
        await UntilAsync(() => _calls.Count(call => call.StartsWith("give", StringComparison.Ordinal)) == runs.Length);
        foreach (string suffix in (string[])["", "-wal"])
        {
            System.IO.File.Copy(File("dying.db" + suffix), File("j.db" + suffix));
        }

        Open("give");
        await Task.WhenAll(asked);
        _calls.Clear();
    }

    private SpecOrchestrator New() => SpecOrchestrator.Of(Spec, async (name, _, context) =>
    {
        _calls.Enqueue($"{name} {context.RunId}");
        if (_gates.TryGetValue(name, out TaskCompletionSource? gate))
        {
            await gate.Task;
        }

        return name == "fail" || (name == "put_back" && _isBroken && context.RunId == "r") ? HookResult.Fail("As asked.") : HookResult.Ok;
    });

    private static async Task<JsonObject> AskAsync(SpecOrchestrator orchestrator, string program, string accounts, string runId) =>
        (await orchestrator.RunAsync(program, new JsonObject { ["accounts"] = JsonNode.Parse(accounts) }, new CallOptions { RunId = runId }, Cancel)).Answer;

    private string File(string name) => _folder.File(name);

    private void Close(string hook) => _gates[hook] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Open(string hook) => _gates[hook].TrySetResult();

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
