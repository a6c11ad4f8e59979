using Ryuso.TestKit;

namespace Ryuso.PostgreSql.Tests;

public sealed class ConformanceTests : JournalConformance
{
    private readonly Cluster _cluster;
    private readonly string _schema = Cluster.NewSchema();

    public ConformanceTests(Cluster cluster)
    {
        Cluster.SkipUnlessInstalled();
        _cluster = cluster;
    }

    protected override IJournal Create() => new PostgreSqlJournal(_cluster.ConnectionString, new PostgreSqlJournalOptions { Schema = _schema });
}
