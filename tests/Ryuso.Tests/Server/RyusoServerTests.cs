using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ryuso.Tests.Server;

public sealed class RyusoServerTests : IAsyncDisposable
{
    private const string Echo = """{"program":"echo","data_pool":{"text":"hé } {"}}""";
    private const string Gate = """{"program":"gate","data_pool":{"text":"g"}}""";

    private readonly TestOrchestrator _orchestrator = new();
    private RyusoServer? _server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _orchestrator.Gate.TrySetResult();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_plain_client_gets_its_answer_and_the_end_of_the_stream()
    {
        await StartAsync();
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync("\uFEFF\r\n" + Echo + " whatever follows"));
        Assert.Equal("As asked.", (string?)JsonNode.Parse(await AskAsync("""{"program":"fail"}"""))!["_error"]);
    }

    [Fact]
    public async Task A_request_may_come_in_any_two_segments_and_byte_by_byte()
    {
        await StartAsync();
        byte[] bytes = Encoding.UTF8.GetBytes(Echo);
        for (int split = 1; split < bytes.Length; split++)
        {
            Assert.Equal("""{"text":"hé } {"}""", await AskAsync([bytes[..split], bytes[split..]]));
        }

        Assert.Equal("""{"text":"hé } {"}""", await AskAsync([.. bytes.Select(b => new[] { b })]));
    }

    [Theory]
    [InlineData("[]", "bad_request")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "bad_request")]
    [InlineData("{\"program\":", "bad_request")]
    [InlineData("{\"program\":]", "bad_request")]
    [InlineData("{hello}", "bad_request")]
    [InlineData("{}", "bad_request")]
    [InlineData("{\"program\":\"ecko\"}", "unknown_program")]
    [InlineData("{\"program\":\"echo\",\"data_pool\":{\"text\":1}}", "invalid_arguments")]
    public async Task A_bad_request_gets_its_code_and_the_server_serves_on(string request, string code)
    {
        await StartAsync();
        Assert.Equal(code, await CodeOfAsync(Encoding.UTF8.GetBytes(request), halfClose: true));
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
    }

    [Fact]
    public async Task What_is_not_UTF8_is_a_bad_request()
    {
        await StartAsync();
        Assert.Equal("bad_request", await CodeOfAsync([.. "{\"program\":\""u8, 0xFF, .. "\"}"u8]));
    }

    [Fact]
    public async Task Seventeen_MiB_are_too_large_and_the_answer_arrives()
    {
        await StartAsync();
        byte[] request = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', 17 * 1024 * 1024) + "\"}");
        Assert.Equal("too_large", await CodeOfAsync(request));
    }

    [Fact]
    public async Task A_thousand_levels_are_a_bad_request()
    {
        await StartAsync();
        Assert.Equal("bad_request", await CodeOfAsync(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 1000))));
    }

    [Fact]
    public async Task A_slow_request_times_out()
    {
        await StartAsync(o => o.ReceiveTimeout = TimeSpan.FromMilliseconds(50));
        Assert.Equal("timeout", await CodeOfAsync("{\"program\":"u8.ToArray()));
    }

    [Fact]
    public async Task A_client_that_resets_harms_nobody()
    {
        await StartAsync();
        Reset(await SendAsync("{\"program\":"));
        Socket running = await SendAsync(Gate);
        await _orchestrator.GateEntered.Task.WaitAsync(Cancel);
        Reset(running);
        _orchestrator.Gate.SetResult();
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
    }

    [Fact]
    public async Task A_silent_client_delays_none_of_a_hundred()
    {
        await StartAsync();
        using Socket silent = await SendAsync("");
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(i => AskAsync($$$"""{"program":"echo","data_pool":{"text":"{{{i}}}"}}""")));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $$"""{"text":"{{i}}"}"""), answers);
    }

    [Fact]
    public async Task A_full_queue_answers_busy_and_keeps_what_it_has()
    {
        await StartAsync(o => o.QueueLength = 1);
        using Socket running = await SendAsync(Gate);
        await _orchestrator.GateEntered.Task.WaitAsync(Cancel);
        using Socket waiting = await SendAsync(Echo);
        await UntilWaitingAsync(1);
        Assert.Equal("busy", await CodeOfAsync(Encoding.UTF8.GetBytes(Echo)));
        _orchestrator.Gate.SetResult();
        Assert.Equal("""{"text":"g"}""", await ReadAsync(running));
        Assert.Equal("""{"text":"hé } {"}""", await ReadAsync(waiting));
    }

    [Fact]
    public async Task One_connection_too_many_is_told_busy()
    {
        await StartAsync(o => o.MaxConnections = 1);
        using Socket first = await SendAsync(Gate);
        await _orchestrator.GateEntered.Task.WaitAsync(Cancel);
        Assert.Equal("busy", await CodeOfAsync(Encoding.UTF8.GetBytes(Echo)));
    }

    [Fact]
    public async Task A_stop_answers_the_queued_and_turns_away_the_incomplete()
    {
        await StartAsync();
        using Socket running = await SendAsync(Gate);
        await _orchestrator.GateEntered.Task.WaitAsync(Cancel);
        using Socket waiting = await SendAsync(Echo);
        await UntilWaitingAsync(1);
        using Socket incomplete = await SendAsync("{\"program\":");
        using Socket last = await SendAsync(Echo);
        await UntilWaitingAsync(2);
        Task stop = _server!.StopAsync(Cancel);
        Assert.Equal("shutting_down", (string?)JsonNode.Parse(await ReadAsync(incomplete))!["_error_code"]);
        Assert.False(stop.IsCompleted);
        _orchestrator.Gate.SetResult();
        Assert.Equal("""{"text":"g"}""", await ReadAsync(running));
        Assert.Equal("""{"text":"hé } {"}""", await ReadAsync(waiting));
        Assert.Equal("""{"text":"hé } {"}""", await ReadAsync(last));
        foreach (Socket socket in new[] { running, waiting, incomplete, last })
        {
            socket.Dispose();
        }

        await stop;
    }

    [Fact]
    public async Task A_server_restarts_on_its_port_and_shares_it_with_nobody()
    {
        await StartAsync();
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
        int port = _server!.EndPoint.Port;
        await using (var rival = new RyusoServer(new TestOrchestrator(), Options(port)))
        {
            await Assert.ThrowsAsync<SocketException>(() => rival.StartAsync(Cancel));
        }

        await _server.DisposeAsync();
        await StartAsync(o => o.Port = port);
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
    }

    private static RyusoServerOptions Options(int port) => new() { Port = port, LoggerFactory = NullLoggerFactory.Instance };

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        // Not a NetworkStream: that refuses a socket whose sending half is closed.
        using var answer = new MemoryStream();
        byte[] buffer = new byte[4096];
        for (int length; (length = await socket.ReceiveAsync(buffer, Cancel)) > 0;)
        {
            answer.Write(buffer, 0, length);
        }

        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.ToArray());
    }

    private async Task StartAsync(Action<RyusoServerOptions>? configure = null)
    {
        RyusoServerOptions options = Options(0);
        configure?.Invoke(options);
        _server = new RyusoServer(_orchestrator, options);
        await _server.StartAsync(Cancel);
    }

    private async Task UntilWaitingAsync(int count)
    {
        while (_orchestrator.Waiting < count)
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<Socket> SendAsync(params byte[][] segments)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        IPEndPoint endPoint = _server!.EndPoint;
        await socket.ConnectAsync(endPoint, Cancel);
        foreach (byte[] segment in segments)
        {
            await socket.SendAsync(segment, Cancel);
        }

        return socket;
    }

    private Task<Socket> SendAsync(string request) => SendAsync(Encoding.UTF8.GetBytes(request));

    private async Task<string> AskAsync(params byte[][] segments)
    {
        using Socket socket = await SendAsync(segments);
        return await ReadAsync(socket);
    }

    private Task<string> AskAsync(string request) => AskAsync(Encoding.UTF8.GetBytes(request));

    private async Task<string?> CodeOfAsync(byte[] request, bool halfClose = false)
    {
        using Socket socket = await SendAsync(request);
        if (halfClose)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        JsonNode answer = JsonNode.Parse(await ReadAsync(socket))!;
        Assert.True((bool)answer["_program_fail"]!);
        Assert.NotNull((string?)answer["_server_error"]);
        return (string?)answer["_error_code"];
    }
}
