using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Journal.Tests.Files;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests;

/// <summary>Many requests on one connection: their runs share commits, and every answer leaves in its order and after its commit.</summary>
public sealed class PipelinedTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly TcpClient _client = new();
    private RyusoServer? _server;
    private StreamReader? _answers;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData("none", 200, 100)]
    [InlineData("one", 200, 320)]
    public async Task Runs_of_one_connection_share_commits(string program, int requests, int mostCommits)
    {
        var journal = new SqliteJournal(_folder.File("j.db"));
        await StartAsync(journal);

        // Only of quick runs: on a machine that is busy with other things it may take a few rounds to see some.
        long commits;
        int rounds = 0;
        do
        {
            await WarmUpAsync(program);
            long before = journal.Commits;
            await SendAsync(Enumerable.Range(0, requests).Select(i => Request(i, program)));
            for (int i = 0; i < requests; i++)
            {
                Assert.Equal($$"""{"_id":{{i}}}""", await _answers!.ReadLineAsync(TestContext.Current.CancellationToken));
            }

            commits = journal.Commits - before;
        }
        while (commits > mostCommits && ++rounds < 50);
        Assert.InRange(commits, 1, mostCommits);
    }

    [Fact]
    public async Task No_answer_leaves_before_its_commit_and_none_overtakes_another()
    {
        var journal = new GatedJournal(new SqliteJournal(_folder.File("j.db")));
        await StartAsync(journal);
        await WarmUpAsync("none");
        journal.Close();
        await SendAsync([Request(1, "none"), Request(2, "none"), """{"id":3,"op":"ping"}""", Request(4, "gone"), Request(5, "none")]);
        await journal.Asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Task<string?> first = _answers!.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(_client.Client.Poll(TimeSpan.FromMilliseconds(300), SelectMode.SelectRead), "something was sent before its commit");
        journal.Open();
        Assert.Equal("""{"_id":1}""", await first);
        Assert.Equal("""{"_id":2}""", await _answers.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("""{"_id":3,"_pong":true}""", await _answers.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Contains("unknown_program", await _answers.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("""{"_id":5}""", await _answers.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task When_the_commit_fails_every_answer_that_waited_for_it_says_so_under_its_own_id()
    {
        string path = _folder.File("j.db");
        var journal = new GatedJournal(new SqliteJournal(path));
        await StartAsync(journal);
        await WarmUpAsync("none");
        journal.Close();
        await SendAsync([Request(1, "none"), Request(2, "none"), Request(3, "none")]);
        await journal.Asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        File.Delete(path);
        journal.Open();
        for (int i = 1; i <= 3; i++)
        {
            JsonNode answer = JsonNode.Parse((await _answers!.ReadLineAsync(TestContext.Current.CancellationToken))!)!;
            Assert.Equal((i, "internal"), ((int)answer["_id"]!, (string?)answer["_error_code"]));
        }
    }

    private static string Request(int id, string program) => $$"""{"id":{{id}},"program":"{{program}}"}""";

    /// <summary>From now on the program is known to be quick.</summary>
    private async Task WarmUpAsync(string program)
    {
        for (int i = 0; i < 50; i++)
        {
            await SendAsync([Request(0, program)]);
            await _answers!.ReadLineAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task StartAsync(IJournal journal)
    {
        _server = new RyusoServer(TestSpec.Orchestrator(), new RyusoServerOptions { Port = 0, Journal = journal });
        await _server.StartAsync(TestContext.Current.CancellationToken);
        await _client.ConnectAsync("127.0.0.1", _server.EndPoint.Port, TestContext.Current.CancellationToken);
        _answers = new StreamReader(_client.GetStream());
    }

    private async Task SendAsync(IEnumerable<string> requests) =>
        await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(string.Concat(requests)), TestContext.Current.CancellationToken);
}

/// <summary>A journal whose barriers somebody can keep from ending.</summary>
internal sealed class GatedJournal(IJournal inner) : DelegatingJournal(inner)
{
    private TaskCompletionSource? _gate;
    private TaskCompletionSource _asked = new();

    /// <summary>Ends when a barrier waits at the gate.</summary>
    public Task Asked => _asked.Task;

    public void Close() => (_gate, _asked) = (new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Open() => _gate!.SetResult();

    public override async ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
    {
        if (_gate is not null)
        {
            _asked.TrySetResult();
            await _gate.Task;
        }

        await base.FlushAsync(position, canWait, cancellationToken);
    }
}
