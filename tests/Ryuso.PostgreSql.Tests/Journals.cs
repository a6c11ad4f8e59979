namespace Ryuso.PostgreSql.Tests;

/// <summary>Events and journals for tests of the journal itself.</summary>
internal static class Journals
{
    public static JournalEvent Accepted(string runId, string pool = "{}") => new(runId, JournalEventKind.RunAccepted, 1)
    {
        Accepted = new RunAccepted("p", "hash", new JournaledPlan("f", """{"line":[]}"""), 1),
        PoolDelta = pool,
    };

    public static JournalEvent Finished(string runId, RunStatus status = RunStatus.Succeeded) =>
        new(runId, JournalEventKind.RunFinished, 2) { Status = status, Answer = "{}" };

    public static async Task<PostgreSqlJournal> OpenAsync(string host, string schema, Action<PostgreSqlJournalOptions>? configure = null)
    {
        var options = new PostgreSqlJournalOptions { Schema = schema, OutageTimeout = TimeSpan.FromSeconds(60) };
        configure?.Invoke(options);
        var journal = new PostgreSqlJournal(Cluster.ConnectionStringOf(host), options);
        try
        {
            await journal.OpenAsync(TestContext.Current.CancellationToken);
            return journal;
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    }

    public static ValueTask FlushAsync(this IJournal journal, JournalEvent entry) =>
        journal.FlushAsync(journal.Append(entry), canWait: false, TestContext.Current.CancellationToken);
}
