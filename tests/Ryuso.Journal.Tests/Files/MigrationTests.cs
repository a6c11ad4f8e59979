using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Recording;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>A file of a schema before this one is brought up to date at the start of a server, with everything that is in it.</summary>
public sealed class MigrationTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    private string File => _folder.File("j.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Migration_of_each_older_schema_keeps_every_run_and_event(int version)
    {
        string? id = Make(version);
        await using var journal = new SqliteJournal(File);
        await journal.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(32, journal.Id!.Length);
        Assert.Equal(id ?? journal.Id, journal.Id);
        JournaledRun done = (await journal.Runs.FindAsync("done", cancellationToken: TestContext.Current.CancellationToken))!;
        Assert.Equal((RunStatus.Succeeded, """{"x":1}""", "hash", 11), (done.Status, done.Answer, done.Accepted.RequestHash, done.Accepted.StartedAt));
        Assert.Equal(
            [(JournalEventKind.RunAccepted, null, 0, "{}"), (JournalEventKind.StepStarted, "1", 1, null), (JournalEventKind.StepCompleted, "1", 0, """{"y":2}"""), (JournalEventKind.RunFinished, null, 0, null)],
            done.Events.Select(e => (e.Kind, e.Step, e.Attempt, e.PoolDelta)));
        Assert.Equal(RunStatus.Succeeded, done.Events[^1].Status);
        JournaledRun stuck = (await journal.Runs.FindAsync("stuck", cancellationToken: TestContext.Current.CancellationToken))!;
        Assert.Equal(("no", "hooks.a failed: because", RunStatus.Stuck, 32), (stuck.Error, stuck.Cause, stuck.Events[^1].Status, stuck.FinishedAt));
        Assert.Equal([(null, null), ("because", null), (null, "again"), ("no", null)], stuck.Events.Select(e => (e.Error, e.Reason)));
        Assert.Equal("stuck", Assert.Single(await journal.Runs.ListAsync(new RunQuery(RunStatus.Stuck) { Limit = 10 }, TestContext.Current.CancellationToken)).RunId);
        JournaledRun open = Assert.Single(await journal.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 10 }, TestContext.Current.CancellationToken));
        Assert.Equal(("open", 2), (open.RunId, open.Events.Count));
        using SqliteConnection tool = Open();
        Assert.Equal("done succeeded,open unfinished,stuck stuck", Text(tool, "SELECT group_concat(run_id || ' ' || status ORDER BY id) FROM runs"));
        Assert.Equal("run_accepted,step_started,step_completed,run_finished", Text(tool, "SELECT group_concat(kind ORDER BY e.id) FROM runs r JOIN events e ON e.run = r.id WHERE run_id = 'done'"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Migrated_journal_recovers_its_unfinished_runs_and_lists_new_ones_after_the_old(int version)
    {
        Make(version);
        await using var journal = new SqliteJournal(File);
        List<string> calls = [];
        SpecOrchestrator orchestrator = TestSpec.Orchestrator(calls.Add);
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.Equal(["ua"], calls);
        JournaledRun recovered = (await journal.Runs.FindAsync("open", cancellationToken: TestContext.Current.CancellationToken))!;
        Assert.Equal((RunStatus.Rectified, "interrupted"), (recovered.Status, (string?)JsonNode.Parse(recovered.Answer!)!["_error_code"]));
        Assert.Equal("interrupted", Assert.Single(recovered.Events, e => e.Kind == JournalEventKind.RunInterrupted).ErrorCode);
        await orchestrator.AskAsync("one", "new");
        Assert.Equal(["new", "done"], (await journal.Runs.ListAsync(new RunQuery(RunStatus.Succeeded) { Limit = 10 }, TestContext.Current.CancellationToken)).Select(r => r.RunId));
        Assert.Empty(await journal.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 10 }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Operators_tool_leaves_an_older_schema_alone_since_its_server_may_be_running()
    {
        Make(version: 1);
        await using SqliteJournal tool = SqliteJournal.ForOperator(File);
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => tool.OpenAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("an older version of Ryuso", refused.Message, StringComparison.Ordinal);
        using SqliteConnection connection = Open();
        Assert.Equal("1", Text(connection, "SELECT user_version || '' FROM pragma_user_version"));
    }

    /// <summary>One run that ended, one that did not, one that is stuck, as the first schema wrote them, brought to the schemas after it up to a version.</summary>
    /// <returns>The journal's id, where it has one.</returns>
    private string? Make(int version)
    {
        using SqliteConnection connection = Open();
        JournaledPlan plan = RecordedPlan.Write(TestSpec.Steps.Programs.Single(p => p.Name == "one"), TestSpec.Steps);
        Run(connection, $"PRAGMA journal_mode = WAL; {Schema.Migrations[0]} PRAGMA application_id = {Schema.ApplicationId}; PRAGMA user_version = {version};");
        Run(connection, $$"""
            INSERT INTO plans VALUES ('{{plan.Fingerprint}}', '{{plan.Json}}');
            INSERT INTO runs VALUES (3, 'done', 'one', 'succeeded', 11, 12, 'hash', '{{plan.Fingerprint}}', NULL, '{"x":1}');
            INSERT INTO events VALUES (3, 1, 11, 'accepted', NULL, NULL, NULL, NULL, NULL, '{}'), (3, 2, 11, 'started', '1', 'hooks.a', 1, NULL, NULL, NULL),
                (3, 3, 12, 'ended', '1', 'hooks.a', NULL, NULL, NULL, '{"y":2}'), (3, 4, 12, 'finished', NULL, NULL, NULL, NULL, NULL, NULL);
            INSERT INTO runs VALUES (5, 'open', 'one', 'unfinished', 21, NULL, NULL, '{{plan.Fingerprint}}', NULL, NULL);
            INSERT INTO events VALUES (5, 1, 21, 'accepted', NULL, NULL, NULL, NULL, NULL, '{}'), (5, 2, 21, 'started', '3', 'hooks.a', 1, NULL, NULL, NULL);
            INSERT INTO runs VALUES (6, 'stuck', 'one', 'stuck', 31, 32, NULL, '{{plan.Fingerprint}}', 'no', '{}');
            INSERT INTO events VALUES (6, 1, 31, 'accepted', NULL, NULL, NULL, NULL, NULL, '{}'),
                (6, 2, 31, 'turned', '3', 'hooks.a', NULL, 'because', NULL, NULL),
                (6, 3, 32, 'skip', NULL, NULL, NULL, 'again', 'ann', NULL), (6, 4, 32, 'finished', '3/0/1', 'hooks.ua', NULL, 'no', NULL, NULL);
            {{string.Concat(Schema.Migrations[1..version])}}
            """);
        if (version == 3)
        {
            // That schema had no status for a run that had never ended.
            Run(connection, "UPDATE log SET status = NULL WHERE run_id = 'open'; UPDATE marks SET open_from = 5 * 1048576");
        }

        return version == 1 ? null : Text(connection, "SELECT id FROM journal");
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static string? Text(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (string?)command.ExecuteScalar();
    }
}
