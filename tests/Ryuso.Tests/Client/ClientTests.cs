using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Ryuso.TestKit;
using Ryuso.Tests.Server;

namespace Ryuso.Tests.Client;

/// <summary>The client against the server.</summary>
public sealed class ClientTests : ServedTests
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ryuso");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Successful_call_returns_the_outputs_and_nothing_else()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        JsonObject outputs = await client.RunAsync("echo", Text("Ä\n\"}"), cancellationToken: Cancel);
        Assert.Equal(("text", "Ä\n\"}"), (Assert.Single(outputs).Key, (string?)outputs["text"]));
        Assert.Equal("""{"text":"none"}""", (await client.RunAsync("echo", cancellationToken: Cancel)).ToJsonString());
        Assert.Equal(1, Server.OpenConnections);
    }

    [Fact]
    public async Task Failed_run_throws_with_every_magic_variable_and_the_whole_answer()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        DateTimeOffset before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var options = new CallOptions { RunId = "mine", Metadata = new JsonObject { ["user"] = "ann" } };
        ProgramFailedException failed = await Assert.ThrowsAsync<ProgramFailedException>(() => client.RunAsync("fail", Text("a"), options, Cancel));
        Assert.Equal(("As asked.", "fail", "mine", "hooks.fail", false, false), (failed.Error, failed.ProgramName, failed.RunId, failed.LastFailed, failed.IsStuck, failed.DependencyFailed));
        Assert.Equal(["hooks.fail"], failed.Traceback);
        Assert.Empty(failed.Rectified);
        Assert.Empty(failed.Unrectified);
        Assert.InRange(failed.StartedAt, before, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal(("a", "ann"), ((string?)failed.Answer["text"], (string?)failed.Answer["_user"]));
        Assert.False(failed.Answer.ContainsKey("_id"));
        Assert.Equal("The program 'fail' failed: As asked.", failed.Message);
    }

    [Fact]
    public void Stuck_run_throws_with_what_was_not_rectified()
    {
        var failed = new ProgramFailedException((JsonObject)JsonNode.Parse("""
            {"_program_fail":true,"_dependency_fail":true,"_rectifier_fail":true,"_last_failed_program":"hooks.u","_error":"No.","_error_code":"sold_out","_traceback":["hooks.a","hooks.b"],
             "_rectified":["hooks.b"],"_unrectified":["hooks.a"],"_program_name":"p","_program_time_start":1767225600000,"_run_id":"r"}
            """)!);
        Assert.Equal("The program 'p' failed: No. The run is stuck; not undone: hooks.a.", failed.Message);
        Assert.True(failed is { IsStuck: true, DependencyFailed: true });
        Assert.Equal(["hooks.b"], failed.Rectified);
        Assert.Equal(["hooks.a"], failed.Unrectified);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), failed.StartedAt);
    }

    [Fact]
    public async Task Rejection_throws_with_its_code_and_message()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        RequestRejectedException rejected = await Assert.ThrowsAsync<RequestRejectedException>(() => client.RunAsync("ecko", cancellationToken: Cancel));
        Assert.Equal("unknown_program", rejected.Code);
        Assert.StartsWith("There is no program 'ecko'. The nearest: 'echo'", rejected.Message, StringComparison.Ordinal);
        Assert.Equal(["_server_error", "_error_code", "_program_fail"], rejected.Answer.Select(v => v.Key));
        Assert.Equal("invalid_arguments", (await Assert.ThrowsAsync<RequestRejectedException>(() => client.RunAsync("echo", new JsonObject { ["text"] = 1 }, cancellationToken: Cancel))).Code);
    }

    [Fact]
    public async Task Ping_and_describe_ask_the_server_itself()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        await client.PingAsync(Cancel);
        JsonObject description = await client.DescribeAsync(Cancel);
        Assert.Equal("test", (string?)description["name"]);
        Assert.NotNull(description["programs"]!["echo"]);
        Assert.Null(description["journal"]);
    }

    [Fact]
    public async Task Each_run_has_a_time_ordered_id_and_the_callers_span_as_parent()
    {
        var seen = new List<JsonObject>();
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            while (true)
            {
                JsonObject request = await connection.ReadAsync();
                seen.Add(request);
                await connection.SendAsync(FakeConnection.Echo(request));
            }
        });
        await using var client = new RyusoClient("127.0.0.1", server.Port);
        using var span = new Activity("test");
        await client.RunAsync("a", cancellationToken: Cancel);
        span.SetIdFormat(ActivityIdFormat.W3C).Start();
        await client.RunAsync("b", Text("x"), new CallOptions { Metadata = new JsonObject { ["by"] = "ann" } }, Cancel);
        span.Stop();
        Guid[] ids = [.. seen.Select(r => Guid.Parse((string)r["run_id"]!))];
        Assert.All(ids, id => Assert.Equal(7, id.Version));
        Assert.NotEqual(ids[0], ids[1]);
        Assert.Equal(["id", "program", "run_id"], seen[0].Select(v => v.Key));
        Assert.Equal((span.Id, """{"text":"x"}""", """{"by":"ann"}"""), ((string?)seen[1]["traceparent"], seen[1]["data_pool"]!.ToJsonString(), seen[1]["metadata"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_thousand_requests_in_flight_from_16_threads_each_get_their_own_answer_over_one_connection()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(thread => Task.Run(
            async () =>
            {
                Task<JsonObject>[] asked = [.. Enumerable.Range(0, 63).Select(i => client.RunAsync("echo", Text($"{thread}-{i}"), cancellationToken: Cancel))];
                for (int i = 0; i < asked.Length; i++)
                {
                    Assert.Equal($"{thread}-{i}", (string?)(await asked[i])["text"]);
                }
            },
            Cancel)));
        Assert.Equal(1, Server.OpenConnections);
    }

    [Fact]
    public async Task Large_requests_and_answers_go_through_among_small_ones()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        string[] texts = [.. Enumerable.Range(0, 12).Select(i => new string((char)('a' + i), i % 3 == 0 ? 1_500_000 : 10))];
        Task<JsonObject>[] asked = [.. texts.Select(text => client.RunAsync("echo", Text(text), cancellationToken: Cancel))];
        for (int i = 0; i < asked.Length; i++)
        {
            Assert.Equal(texts[i], (string?)(await asked[i])["text"]);
        }
    }

    [Fact]
    public async Task Cancelled_call_does_not_disturb_the_others()
    {
        await StartAsync();
        await using RyusoClient client = Connect();
        using var impatient = new CancellationTokenSource();
        Task gate = client.RunAsync("gate", cancellationToken: impatient.Token);
        Task<JsonObject> behind = client.RunAsync("echo", Text("behind"), cancellationToken: Cancel);
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate);
        Assert.False(behind.IsCompleted);
        Orchestrator.Gate.SetResult();
        Assert.Equal("behind", (string?)(await behind)["text"]);
        Assert.Equal(1, Server.OpenConnections);
    }

    [Fact]
    public async Task Requests_in_flight_never_exceed_the_limit()
    {
        await StartAsync();
        await using RyusoClient client = Connect(o => o.MaxInFlight = 2);
        Task<JsonObject> gate = client.RunAsync("gate", cancellationToken: Cancel);
        Task<JsonObject> second = client.RunAsync("echo", cancellationToken: Cancel);
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        using var impatient = new CancellationTokenSource();
        Task<JsonObject> third = client.RunAsync("fail", cancellationToken: impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Orchestrator.BeforeFail = () => Assert.Fail("It was not sent, so it must not run.");
        Orchestrator.Gate.SetResult();
        await gate;
        await second;
        await client.RunAsync("echo", cancellationToken: Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Token_is_sent_and_a_refused_one_ends_the_call_after_one_attempt()
    {
        var log = new TestLog();
        await StartAsync(o =>
        {
            o.Token = "secret";
            o.LoggerFactory = log;
        });
        await using (RyusoClient client = Connect(o => o.Token = "secret"))
        {
            await client.RunAsync("echo", cancellationToken: Cancel);
        }

        foreach (string? token in new[] { null, "wrong" })
        {
            await using RyusoClient stranger = Connect(o => o.Token = token);
            Assert.Equal("unauthorized", (await Assert.ThrowsAsync<RequestRejectedException>(() => stranger.RunAsync("echo", cancellationToken: Cancel))).Code);
        }

        await Server.StopAsync(Cancel);
        Assert.Equal(2, log.Text.Split("A request was rejected: unauthorized.").Length - 1);
    }

    [Fact]
    public async Task Client_connects_to_a_unix_socket()
    {
        string path = Path.Combine(_directory.FullName, "s");
        await StartAsync(o => o.Listen.Add("unix:" + path));
        await using var client = new RyusoClient("unix:" + path);
        Assert.Equal("a", (string?)(await client.RunAsync("echo", Text("a"), cancellationToken: Cancel))["text"]);
    }

    [Fact]
    public async Task Client_speaks_mutual_TLS_with_a_private_authority_and_a_stranger_is_refused_at_once()
    {
        using X509Certificate2 authority = Certificates.Make("authority", issuer: null);
        using X509Certificate2 own = Certificates.Make("localhost", authority);
        using X509Certificate2 known = Certificates.Make("client", authority);
        await StartAsync(o =>
        {
            o.Listen.Add("tls:127.0.0.1:0");
            o.Tls = new SslServerAuthenticationOptions { ServerCertificate = own, ClientCertificateRequired = true, CertificateChainPolicy = Certificates.Trusting(authority) };
        });
        string address = $"tls:127.0.0.1:{Server.EndPoint.Port}";
        var tls = new SslClientAuthenticationOptions { TargetHost = "localhost", ClientCertificates = [known], CertificateChainPolicy = Certificates.Trusting(authority) };
        await using (var client = new RyusoClient(address, new RyusoClientOptions { Tls = tls }))
        {
            string large = new('x', 300_000);
            Task<JsonObject>[] asked = [.. Enumerable.Range(0, 20).Select(i => client.RunAsync("echo", Text(i % 7 == 0 ? large : $"{i}"), cancellationToken: Cancel))];
            for (int i = 0; i < asked.Length; i++)
            {
                Assert.Equal(i % 7 == 0 ? large : $"{i}", (string?)(await asked[i])["text"]);
            }
        }

        await using var distrustful = new RyusoClient(address);
        Assert.IsType<System.Security.Authentication.AuthenticationException>(
            (await Assert.ThrowsAsync<ServerUnreachableException>(() => distrustful.PingAsync(Cancel))).InnerException);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:70000")]
    [InlineData(":60856")]
    [InlineData("::1:60856")]
    [InlineData("unix:")]
    [InlineData("")]
    public void Malformed_address_is_refused_by_the_constructor(string address)
    {
        FormatException told = Assert.Throws<FormatException>(() => new RyusoClient(address));
        Assert.Contains("is not the address of a server; write", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposed_client_says_so_and_the_outcome_of_what_was_sent_is_unknown()
    {
        await StartAsync();
        RyusoClient client = Connect();
        Task<JsonObject> gate = client.RunAsync("gate", null, new CallOptions { RunId = "mine" }, Cancel);
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        await client.DisposeAsync();
        await client.DisposeAsync();
        Assert.Equal("mine", (await Assert.ThrowsAsync<OutcomeUnknownException>(() => gate)).RunId);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.PingAsync(Cancel));
    }

    private RyusoClient Connect(Action<RyusoClientOptions>? configure = null)
    {
        var options = new RyusoClientOptions();
        configure?.Invoke(options);
        return new RyusoClient("127.0.0.1", Server.EndPoint.Port, options);
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };
}
