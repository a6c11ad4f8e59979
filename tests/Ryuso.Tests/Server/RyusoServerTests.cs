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
    public async Task Plain_client_gets_its_answer_and_the_end_of_the_stream()
    {
        await StartAsync();
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync(Echo));
        Assert.Equal("""{"text":"hé } {"}""", await AskAsync("\uFEFF\r\n" + Echo + " whatever follows"));
        Assert.Equal("As asked.", (string?)JsonNode.Parse(await AskAsync("""{"program":"fail"}"""))!["_error"]);
    }

    [Fact]
    public async Task Request_in_any_two_segments_or_byte_by_byte_is_answered()
    {
        await StartAsync();
        byte[] bytes = Encoding.UTF8.GetBytes(Echo);
        for (int split = 1; split < bytes.Length; split++)
        {
            Assert.Equal("""{"text":"hé } {"}""", await AskAsync([bytes[..split], bytes[split..]]));
        }

        Assert.Equal("""{"text":"hé } {"}""", await AskAsync([.. bytes.Select(b => new[] { b })]));
    }

    [Fact]
    public async Task Slow_request_times_out()
    {
        await StartAsync(o => o.ReceiveTimeout = TimeSpan.FromMilliseconds(50));
        Assert.Equal("timeout", await CodeOfAsync("{\"program\":"u8.ToArray()));
    }

    [Fact]
    public async Task Full_queue_answers_busy_and_keeps_what_it_has()
    {
        await StartAsync(o => o.MaxQueueLength = 1);
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
    public async Task Connection_over_the_limit_is_busy()
    {
        await StartAsync(o => o.MaxConnections = 1);
        using Socket first = await SendAsync(Gate);
        await _orchestrator.GateEntered.Task.WaitAsync(Cancel);
        Assert.Equal("busy", await CodeOfAsync(Encoding.UTF8.GetBytes(Echo)));
    }

    [Fact]
    public async Task Stop_answers_queued_requests_and_rejects_incomplete_ones()
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
    public async Task Server_restarts_on_its_port_and_shares_it_with_no_other()
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

    private static Task<string> ReadAsync(Socket socket) => PlainClient.ReadAsync(socket);

    private async Task StartAsync(Action<RyusoServerOptions>? configure = null)
    {
        RyusoServerOptions options = Options(0);
        configure?.Invoke(options);
        _server = new RyusoServer(_orchestrator, options);
        await _server.StartAsync(Cancel);
    }

    private async Task UntilWaitingAsync(int count)
    {
        await Until.TrueAsync(() => _orchestrator.WaitingCount >= count);
    }

    private Task<Socket> SendAsync(string request) => PlainClient.SendAsync(_server!.EndPoint, request);

    private Task<string> AskAsync(params byte[][] segments) => PlainClient.AskAsync(_server!.EndPoint, segments);

    private Task<string> AskAsync(string request) => PlainClient.AskAsync(_server!.EndPoint, request);

    private async Task<string> CodeOfAsync(byte[] request) => (await PlainClient.RejectionAsync(_server!.EndPoint, request)).Code;
}
