using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Journal.Tests.Files;
using Ryuso.Journal.Tests.Memory;
using Ryuso.Sqlite;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests;

/// <summary>A journal that fails while the server runs: until it is open again every probe says so, and then what was under way is recovered.</summary>
public sealed class FailedJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly List<string> _calls = [];

    private string File => _folder.File("j.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Journal_that_was_locked_reopens_by_itself_and_recovers_what_was_under_way()
    {
        var journal = new SqliteJournal(File, new SqliteJournalOptions { LockTimeout = TimeSpan.FromSeconds(1) });
        using SqliteConnection other = new($"Data Source={File};Pooling=False");
        bool isLocked = false;
        var orchestrator = new SpecOrchestrator(TestSpec.Steps, (name, _, _) =>
        {
            lock (_calls)
            {
                _calls.Add(name);
            }

            if (name == "b" && !isLocked)
            {
                isLocked = true;
                Run(other, "BEGIN IMMEDIATE");
            }

            return new(HookResult.Ok);
        });
        await using var server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, Journal = journal });
        await server.StartAsync(TestContext.Current.CancellationToken);
        await other.OpenAsync(TestContext.Current.CancellationToken);
        Assert.True((bool?)(await AskAsync(server, """{"op":"ping"}"""))["_pong"]);
        Assert.Equal("internal", (string?)(await orchestrator.AskAsync("three", "r"))["_error_code"]);
        JsonObject ping = await AskAsync(server, """{"op":"ping"}""");
        Assert.Equal("internal", (string?)ping["_error_code"]);
        Assert.Contains("locked by another program", (string?)ping["_server_error"], StringComparison.Ordinal);
        Assert.NotNull(server.JournalProblem);
        Run(other, "ROLLBACK");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while ((bool?)(await AskAsync(server, """{"op":"ping"}"""))["_pong"] != true)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        Assert.Null(server.JournalProblem);
        Assert.Equal(["plain", "a", "b", "ub", "ua"], _calls);
        Assert.Equal("rectified", Status((await journal.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken))!));
        Assert.Null((await orchestrator.AskAsync("three", "next"))["_error_code"]);
    }

    [Fact]
    public async Task Position_that_a_fault_has_lost_never_becomes_durable()
    {
        await using var journal = new SqliteJournal(File, new SqliteJournalOptions { LockTimeout = TimeSpan.FromSeconds(1) });
        await journal.OpenAsync(TestContext.Current.CancellationToken);
        long kept = journal.Append(Accepted("kept"));
        await journal.FlushAsync(kept, canWait: false, TestContext.Current.CancellationToken);
        using (SqliteConnection other = new($"Data Source={File};Pooling=False"))
        {
            await other.OpenAsync(TestContext.Current.CancellationToken);
            Run(other, "BEGIN IMMEDIATE");
            long lost = journal.Append(Accepted("lost"));
            await Assert.ThrowsAsync<JournalException>(() => journal.FlushAsync(lost, canWait: false, TestContext.Current.CancellationToken).AsTask());
            long alsoLost = journal.Append(Accepted("also lost"));
            await Assert.ThrowsAsync<JournalException>(() => journal.ReopenAsync(TestContext.Current.CancellationToken).AsTask());
            Run(other, "ROLLBACK");
            await journal.ReopenAsync(TestContext.Current.CancellationToken);
            long next = journal.Append(Accepted("next"));
            await journal.FlushAsync(next, canWait: false, TestContext.Current.CancellationToken);
            Assert.Equal([true, false, false, true], new[] { kept, lost, alsoLost, next }.Select(journal.IsDurable));
            await Assert.ThrowsAsync<JournalException>(() => journal.FlushAsync(alsoLost, canWait: false, TestContext.Current.CancellationToken).AsTask());
        }

        Assert.Null(await journal.Runs.FindAsync("lost", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Null(await journal.Runs.FindAsync("also lost", cancellationToken: TestContext.Current.CancellationToken));
        Assert.NotNull(await journal.Runs.FindAsync("next", cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Look_that_fails_is_no_fault_and_later_requests_run()
    {
        var journal = new BlindJournal(new MemoryJournal(new Disk([]), new Crash()));
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(_calls.Add);
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        journal.IsBlind = true;
        JsonObject refused = await orchestrator.AskAsync("one", "r");
        Assert.Equal("internal", (string?)refused["_error_code"]);
        Assert.Contains("cannot be read", (string?)refused["_server_error"], StringComparison.Ordinal);
        Assert.Empty(_calls);
        journal.IsBlind = false;
        Assert.Null((await orchestrator.AskAsync("one", "r"))["_error_code"]);
    }

    [Fact]
    public async Task Unreadable_runs_are_stuck_with_words_and_every_other_run_is_recovered()
    {
        await using (var journal = new SqliteJournal(File))
        {
            var stops = new TaskCompletionSource<HookResult>();
            var orchestrator = new SpecOrchestrator(TestSpec.Steps, (name, _, _) => name == "b" ? new(stops.Task) : new(HookResult.Ok));
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            _ = orchestrator.AskAsync("three", "good");
            JournalEvent[] events = [.. (await journal.Runs.FindAsync("good", cancellationToken: TestContext.Current.CancellationToken))!.Events];
            foreach (string id in (string[])["no JSON", "unknown kind", "no plan", "wrong step"])
            {
                foreach (JournalEvent entry in events)
                {
                    journal.Append(entry with { RunId = id });
                }
            }
        }

        using (SqliteConnection hand = new($"Data Source={File};Pooling=False"))
        {
            await hand.OpenAsync(TestContext.Current.CancellationToken);
            const string First = "(SELECT id FROM log WHERE run_id = '";
            Run(hand, $"UPDATE log SET pool_delta = '{{' WHERE id = {First}no JSON')");
            Run(hand, $"UPDATE log SET kind = 99 WHERE id = {First}unknown kind') + 1");
            Run(hand, "UPDATE log SET plan = 'gone' WHERE run_id = 'no plan'");
            Run(hand, $"UPDATE log SET step = 'x' WHERE id = {First}wrong step') + 1");
        }

        await using var again = new SqliteJournal(File);
        SpecOrchestrator next = TestSpec.Orchestrator(_calls.Add);
        await next.UseJournalAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(["ub", "ua"], _calls);
        IReadOnlyList<JournaledRun> stuck = await again.Runs.ListAsync(new RunQuery(RunStatus.Stuck), TestContext.Current.CancellationToken);
        Assert.Equal(["wrong step", "no plan", "unknown kind", "no JSON"], stuck.Select(r => r.RunId));
        Assert.All(stuck, run => Assert.StartsWith("The run cannot be recovered. ", run.Error, StringComparison.Ordinal));
        Assert.True((bool?)JsonNode.Parse(stuck[0].Answer!)!["_rectifier_fail"]);
        await new StuckRunOperations(again).AbandonAsync("no plan", "ann", "seen to by hand", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Exception_that_no_step_explains_has_the_run_rectified_at_once()
    {
        var disk = new Disk([]);
        var journal = new BreakingJournal(new MemoryJournal(disk, new Crash()));
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(_calls.Add);
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        JsonObject answer = await orchestrator.AskAsync("three", "r");
        Assert.Equal(["plain", "a", "b", "ub", "ua"], _calls);
        Assert.Equal("""["hooks.b","hooks.a"]""", answer["_rectified"]!.ToJsonString());
        Assert.Equal(RunStatus.Rectified, Disk.Find(disk.Events, "r")!.Status);
        Assert.Null((await orchestrator.AskAsync("three", "next"))["_error_code"]);
    }

    [Fact]
    public async Task Warning_of_the_journal_is_logged_once()
    {
        List<string> lines = [];
        var journal = new WarningJournal(new MemoryJournal(new Disk([]), new Crash()));
        var orchestrator = new SpecOrchestrator(TestSpec.Steps, (_, _, _) => new(HookResult.Ok), new OperatorTests.ListLogger(lines));
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await orchestrator.AskAsync("one");
        await orchestrator.AskAsync("one");
        Assert.Single(lines, "The log grows.");
    }

    private static string Status(JournaledRun run) => EnumNames.Of(run.Status);

    private static JournalEvent Accepted(string runId) =>
        new(runId, JournalEventKind.RunAccepted, 1) { Accepted = new RunAccepted("p", null, new JournaledPlan("f", "{}"), 1) };

    private static async Task<JsonObject> AskAsync(RyusoServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return (JsonObject)JsonNode.Parse(await reader.ReadToEndAsync(TestContext.Current.CancellationToken))!;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>A journal that can be written and not be read.</summary>
    private sealed class BlindJournal(MemoryJournal inner) : DelegatingJournal(inner), IRunStore
    {
        public bool IsBlind { get; set; }

        public override IRunStore Runs => this;

        public ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents = true, CancellationToken cancellationToken = default) =>
            IsBlind ? throw new JournalException("The disk failed.") : inner.FindAsync(runId, includeEvents, cancellationToken);

        public ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken = default) =>
            inner.ListAsync(query, cancellationToken);
    }

    private sealed class WarningJournal(IJournal inner) : DelegatingJournal(inner)
    {
        public override string? Warning => "The log grows.";
    }

    /// <summary>A journal with a bug: the end of the step b throws, once.</summary>
    private sealed class BreakingJournal(IJournal inner) : DelegatingJournal(inner)
    {
        private bool _hasThrown;

        public override long Append(JournalEvent entry)
        {
            if (entry is { Kind: JournalEventKind.StepCompleted, Reference: "hooks.b" } && !_hasThrown)
            {
                _hasThrown = true;
                throw new InvalidOperationException("A bug.");
            }

            return base.Append(entry);
        }
    }
}
