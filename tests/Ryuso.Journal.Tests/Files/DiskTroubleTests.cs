using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>Whatever is wrong with the file, the message says what and what to do, and nothing is acknowledged that is not durable.</summary>
public sealed class DiskTroubleTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    private string File => _folder.File("j.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_is_told_and_what_was_acknowledged_is_there_when_there_is_room_again()
    {
        List<string> acknowledged = [];
        List<string> undone = [];
        await using (var journal = new SqliteJournal(File, new SqliteJournalOptions { MaxPages = 40 }))
        {
            SpecOrchestrator orchestrator = TestSpec.Orchestrator();
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            JsonObject answer = [];
            for (int i = 0; answer["_server_error"] is null; i++)
            {
                answer = await orchestrator.AskAsync("three", $"run-{i}", new JsonObject { ["text"] = new string('x', 5000) });
                if (answer["_server_error"] is null)
                {
                    acknowledged.Add($"run-{i}");
                }
            }

            Assert.Equal("internal", (string?)answer["_error_code"]);
            Assert.Contains("journal cannot be written", (string?)answer["_server_error"], StringComparison.Ordinal);
            Assert.Equal("internal", (string?)(await orchestrator.AskAsync("none"))["_error_code"]);
            Assert.Contains("no room left", journal.Fault!.Message, StringComparison.Ordinal);
        }

        Assert.NotEmpty(acknowledged);
        await using var roomy = new SqliteJournal(File);
        SpecOrchestrator again = TestSpec.Orchestrator(undone.Add);
        await again.UseJournalAsync(roomy, TestContext.Current.CancellationToken);
        foreach (string runId in acknowledged)
        {
            Assert.Equal(RunStatus.Succeeded, (await roomy.Runs.FindAsync(runId, cancellationToken: TestContext.Current.CancellationToken))!.Status);
        }

        Assert.All(undone, name => Assert.StartsWith("u", name, StringComparison.Ordinal));
        Assert.Empty(await roomy.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 10 }, TestContext.Current.CancellationToken));
        Assert.Null((await again.AskAsync("three"))["_error_code"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-wal")]
    public async Task A_journal_deleted_under_the_server_is_told_and_nothing_is_acknowledged_any_more(string suffix)
    {
        await using var journal = new SqliteJournal(File);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.Null((await orchestrator.AskAsync("none"))["_error_code"]);
        System.IO.File.Delete(File + suffix);
        Assert.Equal("internal", (string?)(await orchestrator.AskAsync("none"))["_error_code"]);
        Assert.Contains("was deleted", journal.Fault!.Message, StringComparison.Ordinal);
    }

    /// <summary>A backup that is put in place of the file under a running server, say.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("-wal")]
    public async Task A_journal_replaced_under_the_server_is_told_and_nothing_is_acknowledged_any_more(string suffix)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells files apart.");
        await using var journal = new SqliteJournal(File);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.Null((await orchestrator.AskAsync("none"))["_error_code"]);
        System.IO.File.Copy(File + suffix, File + "-copy");
        System.IO.File.Move(File + "-copy", File + suffix, overwrite: true);
        Assert.Equal("internal", (string?)(await orchestrator.AskAsync("none"))["_error_code"]);
        Assert.Contains("was replaced", journal.Fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_somebody_keeps_locked_is_told_at_the_start_and_while_running()
    {
        var options = new SqliteJournalOptions { LockTimeout = TimeSpan.FromSeconds(1) };
        await using var journal = new SqliteJournal(File, options);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        using SqliteConnection other = Open();
        Run(other, "BEGIN IMMEDIATE");
        Assert.Equal("internal", (string?)(await orchestrator.AskAsync("none"))["_error_code"]);
        Assert.Contains("locked by another program", journal.Fault!.Message, StringComparison.Ordinal);
        await journal.DisposeAsync();
        await OpenFailsAsync("locked by another program", new SqliteJournal(File, options));
        Run(other, "COMMIT");
    }

    [Fact]
    public async Task A_second_server_is_refused_while_readers_are_not()
    {
        await using var first = new SqliteJournal(File);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(first, TestContext.Current.CancellationToken);
        await OpenFailsAsync("in use by another server", new SqliteJournal(File));
        await orchestrator.AskAsync("three", "run-1");
        using SqliteConnection reader = Open();
        using SqliteCommand command = reader.CreateCommand();
        command.CommandText = "SELECT status || ' ' || json_extract(answer, '$') FROM runs";
        Assert.Equal("succeeded {}", command.ExecuteScalar());
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_left_alone()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('z', 5000), TestContext.Current.CancellationToken);
        await OpenFailsAsync("is no SQLite database", new SqliteJournal(File));
        Assert.Equal(new string('z', 5000), await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_that_is_no_journal_is_left_alone()
    {
        using (SqliteConnection other = Open())
        {
            Run(other, "CREATE TABLE accounts (name TEXT)");
        }

        await OpenFailsAsync("no Ryuso journal", new SqliteJournal(File));
    }

    [Fact]
    public async Task A_journal_of_a_newer_version_is_refused()
    {
        await using (var journal = new SqliteJournal(File))
        {
            await journal.OpenAsync(TestContext.Current.CancellationToken);
        }

        using (SqliteConnection newer = Open())
        {
            Run(newer, "PRAGMA user_version = 7");
        }

        await OpenFailsAsync("newer version", new SqliteJournal(File));
    }

    [Fact]
    public async Task A_journal_keeps_its_id()
    {
        async Task<string?> OpenAsync(string file)
        {
            await using var journal = new SqliteJournal(file);
            await journal.OpenAsync(TestContext.Current.CancellationToken);
            return journal.Id;
        }

        string? id = await OpenAsync(File);
        Assert.Equal(32, id?.Length);
        Assert.Equal(id, await OpenAsync(File));
        Assert.NotEqual(id, await OpenAsync(_folder.File("other.db")));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_or_is_missing_is_told()
    {
        await OpenFailsAsync("may not be written", new SqliteJournal("/sys/ryuso.db"));
        await OpenFailsAsync("folder does not exist", new SqliteJournal(_folder.File("no/where/j.db")));
    }

    [Fact]
    public async Task A_journal_that_may_only_be_read_is_told()
    {
        await using (var journal = new SqliteJournal(File))
        {
            await journal.OpenAsync(TestContext.Current.CancellationToken);
        }

        // As root no mode keeps anybody from writing, so SQLite itself is told to refuse.
        var exception = Assert.Throws<SqliteException>(() =>
        {
            using var connection = new SqliteConnection($"Data Source={File};Mode=ReadOnly;Pooling=False");
            connection.Open();
            Run(connection, "CREATE TABLE x (y)");
        });
        Assert.Contains("Give this user the right to write", new JournalFile(File, TimeSpan.FromSeconds(1)).Explain(exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_use_its_journal_does_not_start()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('z', 5000), TestContext.Current.CancellationToken);
        await using var server = new RyusoServer(TestSpec.Orchestrator(), new RyusoServerOptions { Port = 0 }.UseSqliteJournal(File));
        await Assert.ThrowsAsync<JournalException>(() => server.StartAsync(TestContext.Current.CancellationToken));
        Assert.Throws<InvalidOperationException>(() => server.EndPoint);
    }

    private static async Task OpenFailsAsync(string message, SqliteJournal journal)
    {
        await using (journal)
        {
            JournalException exception = await Assert.ThrowsAsync<JournalException>(() => journal.OpenAsync(TestContext.Current.CancellationToken).AsTask());
            Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        }
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
}
