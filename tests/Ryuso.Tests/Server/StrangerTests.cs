using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ryuso.Server.Connections;
using Ryuso.TestKit;

namespace Ryuso.Tests.Server;

/// <summary>Clients that have no token, take no answer, or hold much: they cost themselves only.</summary>
public sealed class StrangerTests : ServedTests
{
    private const string Guess = """{"id":1,"op":"ping","auth":"guess"}""";

    [Fact]
    public async Task Wrong_token_ends_its_connection_at_the_third_request()
    {
        await StartAsync(o => o.Token = "secret");
        using Socket socket = await SendAsync(string.Concat(Enumerable.Repeat(Guess, 10)));
        string answers = await ReadAsync(socket);
        Assert.Equal(3, answers.Split("unauthorized").Length - 1);
    }

    [Fact]
    public async Task Wrong_tokens_in_great_number_are_held_back_and_logged_with_their_count()
    {
        var log = new TestLog();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await StartAsync(o => (o.Token, o.LoggerFactory, o.TimeProvider) = ("secret", log, time));
        for (int i = 0; i < 20; i++)
        {
            using Socket guessing = await SendAsync(Guess);
            Assert.Equal("unauthorized", CodeOf(Assert.Single(await ReadLinesAsync(guessing, 1))));
        }

        using Socket held = await SendAsync(Guess);
        Task<string[]> answer = ReadLinesAsync(held, 1);
        for (int i = 0; i < 3; i++)
        {
            using Socket owner = await SendAsync("""{"id":1,"op":"ping","auth":"secret"}""");
            Assert.Equal(["""{"_id":1,"_pong":true}"""], await ReadLinesAsync(owner, 1));
        }

        Assert.False(answer.IsCompleted, "The answer was not held back.");
        while (!answer.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("unauthorized", CodeOf(Assert.Single(await answer)));
        await Until.TrueAsync(() => log.Text.Contains("Requests without the server's token since the last such message: 1.", StringComparison.Ordinal));
    }

    [Fact]
    public void Token_guard_holds_back_what_is_more_than_twenty_a_second_and_logs_every_ten_seconds()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var log = new TestLog();
        var guard = new TokenGuard("secret", time, log);
        Assert.True(guard.IsAuthorized("secret"u8));
        Assert.False(guard.IsAuthorized("secre"u8));
        Assert.False(guard.IsAuthorized("secrets"u8));
        Assert.False(guard.IsAuthorized(default));
        bool[] held = [.. Enumerable.Range(0, 30).Select(_ => guard.RecordFailure())];
        Assert.Equal(10, held.Count(isHeld => isHeld));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(guard.RecordFailure());
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(guard.RecordFailure());
        string[] lines = log.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["1.", "31."], lines.Select(line => line.Split(": ")[1]));
    }

    [Fact]
    public async Task Incomplete_requests_beyond_the_budget_are_busy_and_small_ones_are_served()
    {
        await StartAsync(o => (o.MaxRequestBytes, o.MaxBufferedBytes) = (1024 * 1024, 4 * 1024 * 1024));
        byte[] half = Encoding.UTF8.GetBytes("{\"program\":\"echo\",\"data_pool\":{\"text\":\"" + new string('x', 900_000));
        Socket first = await SendAsync(half);
        Socket second = await SendAsync(half);
        await Until.TrueAsync(() => Server.BufferedBytes == 2 * 1024 * 1024);
        using Socket third = await SendAsync(half);
        Assert.Equal("busy", CodeOf(await ReadAsync(third)));
        Assert.Equal("""{"text":"a"}""", await AskAsync("""{"data_pool":{"text":"a"},"program":"echo","op":null}"""));
        first.Dispose();
        await Until.TrueAsync(() => Server.BufferedBytes == 1024 * 1024);
        await second.SendAsync("\"}}"u8.ToArray(), Cancel);
        Assert.Equal(900_000 + 11, (await ReadAsync(second)).Length);
        second.Dispose();
        await Until.TrueAsync(() => Server.BufferedBytes == 0);
    }

    [Fact]
    public async Task Answers_that_nobody_takes_count_against_the_budget_and_none_is_dropped()
    {
        await StartAsync(o => (o.MaxRequestBytes, o.MaxBufferedBytes) = (8 * 1024 * 1024, 1));
        string text = new('x', 8_000_000);
        byte[] request = Encoding.UTF8.GetBytes($$$"""{"op":"run","program":"echo","data_pool":{"text":"{{{text}}}"}}""");
        using Socket lazy = await SendAsync(request);
        await Until.TrueAsync(() => Server.BufferedBytes == text.Length + 11);
        using Socket other = await SendAsync(request);
        string code;
        while ((code = CodeOf(await AskAsync("""{"program":"echo"}""")) ?? "") == "")
        {
        }

        Assert.Equal("busy", code);
        Assert.Equal("busy", CodeOf(await AskAsync("""{"program":"echo"}""")));
        Assert.Equal("{\"_pong\":true}", await AskAsync("""{"op":"ping"}"""));
        Assert.Equal(text.Length + 11, (await ReadAsync(lazy)).Length);
        Assert.Equal(text.Length + 11, (await ReadAsync(other)).Length);
        await Until.TrueAsync(() => Server.BufferedBytes == 0);
        Assert.Equal("""{"text":"none"}""", await AskAsync("""{"program":"echo"}"""));
    }

    [Fact]
    public void Memory_budget_gives_strangers_a_part_and_takes_everything_back()
    {
        var budget = new MemoryBudget(maxBytes: 200, maxRequestBytes: 10);
        Assert.True(budget.TryReserve(50, isAuthorized: false));
        Assert.False(budget.TryReserve(1, isAuthorized: false));
        Assert.True(budget.TryReserve(50, isAuthorized: true));
        Assert.False(budget.TryReserve(1, isAuthorized: true));
        Assert.False(budget.IsFullOfAnswers);
        budget.Release(20, isAuthorized: true);
        Assert.False(budget.TryReserve(1, isAuthorized: false));
        budget.Authorize(50);
        Assert.True(budget.TryReserve(20, isAuthorized: false));
        budget.ChargeAnswer(99);
        Assert.False(budget.IsFullOfAnswers);
        budget.ChargeAnswer(51);
        Assert.True(budget.IsFullOfAnswers);
        Assert.Equal(250, budget.Used);
        budget.ReleaseAnswer(150);
        budget.Release(80, isAuthorized: true);
        budget.Release(20, isAuthorized: false);
        Assert.Equal(0, budget.Used);
        Assert.True(budget.TryReserve(50, isAuthorized: false));
    }

    [Fact]
    public async Task Full_TLS_server_answers_busy_within_TLS()
    {
        using X509Certificate2 certificate = Certificates.Make("localhost", issuer: null);
        await StartAsync(o =>
        {
            o.Listen.Add("tls:127.0.0.1:0");
            o.Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate };
            o.MaxConnections = 1;
        });
        using Socket first = await ConnectAsync();
        await using SslStream served = await SecureAsync(first);
        await served.WriteAsync("""{"id":1,"op":"ping"}"""u8.ToArray(), Cancel);
        using var reader = new StreamReader(served);
        Assert.Equal("""{"_id":1,"_pong":true}""", await reader.ReadLineAsync(Cancel));
        var options = new RyusoClientOptions
        {
            RetryLimit = TimeSpan.Zero,
#pragma warning disable CA5359 // The certificate is made for this test.
            Tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
        };
        await using var client = new RyusoClient("127.0.0.1", Server.EndPoint.Port, options);
        ServerUnreachableException unreachable = await Assert.ThrowsAsync<ServerUnreachableException>(() => client.PingAsync(Cancel));
        Assert.Equal("busy", Assert.IsType<RequestRejectedException>(unreachable.InnerException).Code);
    }

    [Theory]
    [InlineData("a\\u001b[2J\\u001b[1;1Hnothing is stuck")]
    [InlineData("a\\n")]
    [InlineData("a\\u0000")]
    [InlineData("a\u007f")]
    [InlineData("a\u009b2J")]
    [InlineData("a\u202eb")]
    [InlineData("a\u2028b")]
    [InlineData("a\ufeffb")]
    public async Task Run_id_with_control_or_formatting_characters_is_a_bad_request(string runId)
    {
        await StartAsync();
        Assert.Equal("bad_request", CodeOf(await AskAsync($$"""{"program":"echo","run_id":"{{runId}}"}""")));
        ProgramResult inProcess = await Orchestrator.RunAsync("echo", null, new CallOptions { RunId = System.Text.Json.Nodes.JsonNode.Parse($"\"{runId}\"")!.ToString() }, Cancel);
        Assert.False(inProcess.IsSuccess);
    }

    [Fact]
    public async Task Run_of_a_client_that_reset_its_connection_while_it_waited_does_not_begin()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the system does not always tell.");
        int ran = 0;
        await StartAsync();
        Orchestrator.EchoAsync = _ => Task.FromResult(Interlocked.Increment(ref ran));
        using Socket running = await SendAsync("""{"program":"gate","data_pool":{"text":"g"}}""");
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        Socket gone = await SendAsync("""{"program":"echo"}""");
        await UntilWaitingAsync(1);
        using Socket patient = await SendAsync("""{"program":"echo","data_pool":{"text":"p"}}""");
        patient.Shutdown(SocketShutdown.Send);
        await UntilWaitingAsync(2);
        PlainClient.Reset(gone);
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        await Until.TrueAsync(() => System.Diagnostics.Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(50));
        Orchestrator.Gate.SetResult();
        Assert.Equal("""{"text":"p"}""", await ReadAsync(patient));
        Assert.Equal(1, ran);
    }

    private static async Task<SslStream> SecureAsync(Socket socket)
    {
#pragma warning disable CA5359 // The certificate is made for this test.
        var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }
}
