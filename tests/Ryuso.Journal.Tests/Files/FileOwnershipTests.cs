using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Ryuso.Journal.Tests.Processes;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>One server has a journal's file, whatever the file is called and whatever lies beside it; who only looks leaves no trace.</summary>
public sealed class FileOwnershipTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    private string File => _folder.File("till.ryuso.db");

    private string Link => _folder.File("link.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Journal_behind_a_symbolic_link_records_and_is_found_by_its_own_name()
    {
        System.IO.File.CreateSymbolicLink(Link, File);
        await using (var journal = new SqliteJournal(Link))
        {
            SpecOrchestrator orchestrator = TestSpec.Orchestrator();
            await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
            Assert.Null((await orchestrator.AskAsync("three", "r"))["_error_code"]);
            await AssertInUseAsync(File);
        }

        await using var again = new SqliteJournal(File);
        await again.OpenAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(await again.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken));
        await AssertInUseAsync(Link);
    }

    [Fact]
    public async Task Second_server_is_refused_by_every_name_while_another_process_has_the_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the lock is on a neighbour of the file.");
        await using CrashServer server = await CrashServer.StartAsync(_folder.FullPath);
        System.IO.File.CreateSymbolicLink(Link, File);
        foreach (string neighbour in Directory.GetFiles(_folder.FullPath, "till.ryuso.db-*").Where(f => f[^4..] is not ("-wal" or "-shm")))
        {
            System.IO.File.Delete(neighbour);
        }

        await AssertInUseAsync(File);
        await AssertInUseAsync(Link);
        Assert.True(JournalLock.IsTaken(File));
        await server.KillAsync();
        Assert.False(JournalLock.IsTaken(File));
        await using var next = new SqliteJournal(Link);
        await next.OpenAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A process that starts another one shares its descriptors with it until that one's program begins.</summary>
    [Fact]
    public async Task Closed_journal_can_be_opened_while_a_forked_process_has_its_descriptors()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the lock is on a neighbour of the file.");
        int[] shared;
        await using (var journal = new SqliteJournal(File))
        {
            await journal.OpenAsync(TestContext.Current.CancellationToken);
            shared = [.. Directory.GetFiles("/proc/self/fd")
                .Where(link => TargetOf(link) == File)
                .Select(link => Duplicate(int.Parse(Path.GetFileName(link), CultureInfo.InvariantCulture)))];
        }

        Assert.NotEmpty(shared);
        await using (var again = new SqliteJournal(File))
        {
            await again.OpenAsync(TestContext.Current.CancellationToken);
        }

        Array.ForEach(shared, descriptor => new SafeFileHandle(descriptor, ownsHandle: true).Dispose());
    }

    /// <summary>What a descriptor leads to; null where another test has closed it since it was listed.</summary>
    private static string? TargetOf(string link)
    {
        try
        {
            return System.IO.File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The system drops a process's locks on a file when the process closes any handle of it; SQLite's own are among them.</summary>
    [Fact]
    public async Task Refused_attempt_leaves_the_locks_of_the_server_alone()
    {
        await using var journal = new SqliteJournal(File);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        await AssertInUseAsync(File);
        Assert.True(JournalLock.IsTaken(File));
        await using (SqliteJournal tool = SqliteJournal.ForOperator(File))
        {
            await tool.OpenAsync(TestContext.Current.CancellationToken);
        }

        Assert.Null((await orchestrator.AskAsync("three"))["_error_code"]);
        Assert.True(System.IO.File.Exists(File + "-wal"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-wal")]
    public async Task Journal_that_is_emptied_in_place_fails_at_the_next_commit(string suffix)
    {
        await using var journal = new SqliteJournal(File);
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        Assert.Null((await orchestrator.AskAsync("none"))["_error_code"]);
        await using (var file = new FileStream(File + suffix, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            Assert.Equal(0, file.Length);
        }

        Assert.Equal("internal", (string?)(await orchestrator.AskAsync("none"))["_error_code"]);
        Assert.NotNull(journal.Fault);
    }

    [Fact]
    public async Task File_on_a_read_only_disk_is_not_called_in_use()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is a Linux thing.");
        await using var journal = new SqliteJournal("/proc/version");
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => journal.OpenAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.DoesNotContain("in use", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("running")]
    [InlineData("killed")]
    [InlineData("copied without -shm")]
    public async Task Looking_changes_no_file(string state)
    {
        await using CrashServer server = await CrashServer.StartAsync(_folder.FullPath);
        await server.AskAsync(new JsonObject { ["program"] = "transfer", ["run_id"] = "r", ["data_pool"] = new JsonObject { ["from"] = "ann", ["to"] = "bob", ["amount"] = 1 } });
        string file = File;
        switch (state)
        {
            case "closed":
                await server.DisposeAsync();
                break;
            case "killed":
                await server.KillAsync();
                break;
            case "copied without -shm":
                file = Path.Combine(Directory.CreateDirectory(_folder.File("copy")).FullName, "copy.db");
                await server.KillAsync();
                System.IO.File.Copy(File, file);
                System.IO.File.Copy(File + "-wal", file + "-wal");
                break;
        }

        string[] before = Snapshot(file);
        await using (SqliteJournal tool = SqliteJournal.ForOperator(file))
        {
            await tool.OpenAsync(TestContext.Current.CancellationToken);
            Assert.NotEmpty(await tool.Runs.ListAsync(new RunQuery(RunStatus.Succeeded), TestContext.Current.CancellationToken));
            Assert.NotNull(await tool.Runs.FindAsync("r", cancellationToken: TestContext.Current.CancellationToken));
        }

        Assert.Equal(before, Snapshot(file));
    }

    [Fact]
    public async Task Copy_without_its_log_is_told_so()
    {
        await using CrashServer server = await CrashServer.StartAsync(_folder.FullPath);
        string copy = _folder.File("copy.db");
        await server.KillAsync();
        System.IO.File.Copy(File, copy);
        await using SqliteJournal tool = SqliteJournal.ForOperator(copy);
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => tool.OpenAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("its '-wal' is missing", refused.Message, StringComparison.Ordinal);
    }

    private static async Task AssertInUseAsync(string path)
    {
        await using var second = new SqliteJournal(path);
        JournalException refused = await Assert.ThrowsAsync<JournalException>(() => second.OpenAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.Contains("in use by another server", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The files of a journal with their content; of the index, which holds marks of its readers, only that it is there.</summary>
    private static string[] Snapshot(string file) =>
    [
        .. Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "*").Order()
            .Select(f => f.EndsWith("-shm", StringComparison.Ordinal) ? f : $"{f} {new FileInfo(f).Length} {System.IO.File.GetLastWriteTimeUtc(f):O}"),
    ];

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int Duplicate(int descriptor);
}
