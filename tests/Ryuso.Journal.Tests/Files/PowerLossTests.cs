using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Files;

/// <summary>The power goes: of the write-ahead log only a beginning is on the disk. What was acknowledged by then must be in it, and what is in it must be a beginning of what happened.</summary>
public sealed class PowerLossTests
{
    private const int FileHeader = 32;
    private const int FrameHeader = 24;
    private const int Page = 4096;

    [Fact]
    public async Task Cut_anywhere_the_journal_is_a_beginning_of_history_with_every_acknowledged_outcome()
    {
        using var folder = TemporaryFolder.InMemory();
        string path = folder.File("j.db");
        var journal = new TappedJournal(new SqliteJournal(path, new SqliteJournalOptions { MaxUnindexedRuns = 3 }));
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);

        // After each answer: how long the log was by then, and what had been answered.
        List<(long Log, string Answered)> acknowledged = [];
        for (int i = 0; i < (LongForm.IsOn ? 40 : 12); i++)
        {
            string program = (i % 4) switch { 0 => "none", 1 => "one", 2 => "three", _ => "back" };
            await orchestrator.AskAsync(program, $"run-{i}", new JsonObject { ["text"] = new string('x', i * 300) });
            acknowledged.Add((new FileInfo(path + "-wal").Length, $"run-{i}"));
        }

        byte[] database = await ReadAsync(path), log = await ReadAsync(path + "-wal");
        JournalEvent[] history = [.. journal.History];
        await journal.DisposeAsync();
        Assert.True((log.Length - FileHeader) % (FrameHeader + Page) == 0, "the log is not whole frames: was there a checkpoint?");

        int frames = (log.Length - FileHeader) / (FrameHeader + Page);
        var random = new Random(7);
        IEnumerable<int> cuts = [
            .. Enumerable.Range(0, frames + 1).Select(f => FileHeader + (f * (FrameHeader + Page))),
            .. Enumerable.Range(0, LongForm.IsOn ? 2000 : 100).Select(_ => random.Next(log.Length)),
        ];
        foreach (int cut in cuts)
        {
            await CheckAsync(database, log.AsMemory(0, cut), history, acknowledged.Where(a => a.Log <= cut).Select(a => a.Answered));
        }
    }

    /// <summary>After a checkpoint the log begins anew over what it held; its old tail must not come back.</summary>
    [Fact]
    public async Task Copied_after_a_checkpoint_the_journal_is_whole()
    {
        using var folder = TemporaryFolder.InMemory();
        string path = folder.File("j.db");
        var journal = new TappedJournal(new SqliteJournal(path));
        SpecOrchestrator orchestrator = TestSpec.Orchestrator();
        await orchestrator.UseJournalAsync(journal, TestContext.Current.CancellationToken);
        uint salt = 0;
        int checkpoints = 0, after = 0;
        for (int i = 0; after < 5; i++)
        {
            await orchestrator.AskAsync("three", $"run-{i}", new JsonObject { ["text"] = new string('x', 20_000) });
            byte[] header = (await ReadAsync(path + "-wal"))[..FileHeader];
            uint now = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16));
            checkpoints += salt != 0 && salt != now ? 1 : 0;
            salt = now;
            after += checkpoints > 0 ? 1 : 0;
        }

        byte[] database = await ReadAsync(path), log = await ReadAsync(path + "-wal");
        JournalEvent[] history = [.. journal.History];
        await journal.DisposeAsync();
        await CheckAsync(database, log, history, history.Where(e => e.Kind == JournalEventKind.RunFinished).Select(e => e.RunId));
    }

    private static async Task CheckAsync(byte[] database, ReadOnlyMemory<byte> log, JournalEvent[] history, IEnumerable<string> acknowledged)
    {
        using var folder = TemporaryFolder.InMemory();
        string path = folder.File("j.db");
        await File.WriteAllBytesAsync(path, database);
        await File.WriteAllBytesAsync(path + "-wal", log.ToArray());
        var journal = new SqliteJournal(path);
        await journal.OpenAsync(CancellationToken.None);
        List<JournaledRun> runs = [];
        foreach (RunStatus status in Enum.GetValues<RunStatus>())
        {
            runs.AddRange(await journal.Runs.ListAsync(new RunQuery(status) { Limit = int.MaxValue }, CancellationToken.None));
        }

        int count = runs.Sum(r => r.Events.Count);
        string[] expected = [.. history.Take(count).GroupBy(e => e.RunId).SelectMany(run => run.Select(Text)).Order()];
        Assert.Equal(expected, runs.SelectMany(r => r.Events.Select(Text)).Order());
        foreach (string runId in history.Select(e => e.RunId).Distinct())
        {
            // What is found by its id is listed, and the other way round.
            JournaledRun? found = await journal.Runs.FindAsync(runId, cancellationToken: CancellationToken.None), listed = runs.SingleOrDefault(r => r.RunId == runId);
            Assert.Equal((listed?.RunId, listed?.Status, listed?.Answer), (found?.RunId, found?.Status, found?.Answer));
        }

        foreach (string runId in acknowledged)
        {
            JournaledRun run = runs.Single(r => r.RunId == runId);
            Assert.NotEqual(RunStatus.Unfinished, run.Status);
            Assert.Equal(history.Last(e => e.RunId == runId).Answer, run.Answer);
        }

        await journal.DisposeAsync();

        // And it can be recovered.
        var again = new SqliteJournal(path);
        await TestSpec.Orchestrator().UseJournalAsync(again);
        Assert.Empty(await again.Runs.ListAsync(new RunQuery(RunStatus.Unfinished) { Limit = 10 }, CancellationToken.None));
        await again.DisposeAsync();
    }

    private static string Text(JournalEvent entry) =>
        $"{entry.RunId} {entry.Kind} {entry.Step} {entry.Attempt} {entry.Error} {entry.PoolDelta}";

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }
}

/// <summary>Writes down what goes into a journal.</summary>
internal sealed class TappedJournal(SqliteJournal inner) : DelegatingJournal(inner)
{
    public List<JournalEvent> History { get; } = [];

    public int Barriers { get; private set; }

    public override long Append(JournalEvent entry)
    {
        History.Add(entry);
        return base.Append(entry);
    }

    public override ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        Barriers++;
        return base.FlushAsync(position, canWait, cancellationToken);
    }
}
