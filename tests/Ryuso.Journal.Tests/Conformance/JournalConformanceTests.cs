using Ryuso.Sqlite;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Conformance;

public sealed class MemoryJournalConformanceTests : JournalConformance
{
    private readonly Disk _disk = new([]);

    protected override IJournal Create() => new MemoryJournal(_disk, new Crash());
}

public sealed class SqliteJournalConformanceTests : JournalConformance
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    protected override IJournal Create() => new SqliteJournal(_folder.File("j.db"), new SqliteJournalOptions { MaxUnindexedRuns = 3 });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
