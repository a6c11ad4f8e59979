using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Server.Loops;
using Ryuso.TestKit;

namespace Ryuso.Tests.Server;

/// <summary>One connection with many requests: those that share no key run side by side, and every answer comes in the order of its request.</summary>
public sealed class KeyedConnectionTests : IAsyncDisposable
{
    private const string Spec = """
        {"name":"keyed","programs":{
          "work":{"hooks":["wait"],"args":{"key":{"type":"string","required":true},"text":{"type":"string","required":false,"default":"none"}},"outputs":{"text":{"type":"string","required":true}}}},
         "hooks":{"wait":{"reference":"t.wait","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _begun = new();
    private readonly SpecOrchestrator _orchestrator;
    private RyusoServer _server = null!;

    public KeyedConnectionTests() => _orchestrator = new SpecOrchestrator(
        SpecDefinitions.Compile(Spec).WithKeys(("work", ["key"], true)),
        async (_, pool, _) =>
        {
            string key = (string)pool["key"]!;
            _begun.Enqueue(key);
            if (_gates.TryGetValue(key, out TaskCompletionSource? gate))
            {
                await gate.Task;
            }

            return HookResult.Ok;
        });

    public static TheoryData<bool> Loops => EventLoopGroup.IsSupported ? [true, false] : [false];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (TaskCompletionSource gate in _gates.Values)
        {
            gate.TrySetResult();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Requests_of_one_connection_run_side_by_side_and_are_answered_in_order(bool loop)
    {
        await StartAsync(loop);
        Close("a");
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, Work(1, "a") + Work(2, "b") + Work(3, "a") + """{"id":4,"op":"ping"}""" + Work(5, "c") + """{"id":6,"program":"none"}""");
        await Until.TrueAsync(() => _begun.Count == 3);
        Assert.Equal(["a", "b", "c"], _begun.Order());
        Assert.Equal(0, socket.Available);
        Open("a");
        string[] lines = await ReadLinesAsync(socket, 6);
        Assert.Equal(["1", "2", "3", "4", "5", "6"], lines.Select(line => JsonNode.Parse(line)!["_id"]!.ToJsonString()));
        Assert.Equal("""{"_id":4,"_pong":true}""", lines[3]);
        Assert.Equal("unknown_program", (string?)JsonNode.Parse(lines[5])!["_error_code"]);
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Answers_that_are_ready_do_not_wait_for_a_run_that_comes_after_them(bool loop)
    {
        await StartAsync(loop);
        Close("slow");
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, Work(1, "a") + Work(2, "slow") + Work(3, "b"));
        Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(socket, 1));
        Open("slow");
        Assert.Equal(["""{"_id":2,"text":"none"}""", """{"_id":3,"text":"none"}"""], await ReadLinesAsync(socket, 2));
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Plain_request_that_waits_for_its_key_is_answered_and_the_connection_closed(bool loop)
    {
        await StartAsync(loop);
        Close("a");
        using Socket first = await ConnectAsync();
        await SendAsync(first, Work(1, "a"));
        await Until.TrueAsync(() => _begun.Count == 1);
        using Socket second = await ConnectAsync();
        await SendAsync(second, """{"program":"work","data_pool":{"key":"a","text":"late"}}""");
        await Until.TrueAsync(() => _orchestrator.WaitingCount == 1);
        Open("a");
        Assert.Equal("""{"text":"late"}""", await ReadToEndAsync(second));
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task More_requests_than_a_connection_may_have_under_way_wait_to_be_read(bool loop)
    {
        const int Count = 3 * Ryuso.Server.ServerTuning.MaxRunsPerConnection;
        await StartAsync(loop);
        Close("a");
        using Socket socket = await ConnectAsync();
        Task sending = SendAsync(socket, string.Concat(Enumerable.Range(0, Count).Select(i => Work(i, i == 0 ? "a" : $"k{i}"))));
        await Until.TrueAsync(() => _begun.Count == Ryuso.Server.ServerTuning.MaxRunsPerConnection);
        Open("a");
        string[] lines = await ReadLinesAsync(socket, Count);
        Assert.Equal(Enumerable.Range(0, Count), lines.Select(line => (int)JsonNode.Parse(line)!["_id"]!));
        await sending;
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Client_that_goes_away_while_its_runs_wait_leaves_nothing_behind(bool loop)
    {
        await StartAsync(loop);
        Close("a");
        using (Socket socket = await ConnectAsync())
        {
            await SendAsync(socket, Work(1, "a") + Work(2, "a") + Work(3, "b"));
            await Until.TrueAsync(() => _begun.Count == 2 && _orchestrator.WaitingCount == 1);
            socket.LingerState = new LingerOption(true, 0);
        }

        Open("a");
        await Until.TrueAsync(() => _server.OpenConnections == 0);
        Assert.True(_orchestrator.Lanes is Ryuso.Orchestration.KeyedLanes { IsEmpty: true });
        using Socket next = await ConnectAsync();
        await SendAsync(next, Work(1, "a"));
        Assert.Equal(["""{"_id":1,"text":"none"}"""], await ReadLinesAsync(next, 1));
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Stop_answers_what_is_under_way_in_order(bool loop)
    {
        await StartAsync(loop);
        Close("a");
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, Work(1, "a") + Work(2, "a") + Work(3, "b"));
        await Until.TrueAsync(() => _begun.Count == 2);
        Task stop = _server.StopAsync(Cancel);
        Open("a");
        string[] lines = await ReadLinesAsync(socket, 3);
        Assert.Equal([1, 2, 3], lines.Select(line => (int)JsonNode.Parse(line)!["_id"]!));
        await stop;
        Assert.Equal("", await ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Lanes_tell_who_holds_who_waits_and_which_stuck_run_keeps_a_key()
    {
        await StartAsync(loop: true);
        Close("a");
        using Socket busy = await ConnectAsync();
        await SendAsync(busy, """{"id":1,"run_id":"r1","program":"work","data_pool":{"key":"a"}}""" + Work(2, "a") + Work(3, "b"));
        await Until.TrueAsync(() => _begun.Count == 2 && _orchestrator.WaitingCount == 1);
        _orchestrator.Lanes.Keep("r0", ["z"]);
        using Socket socket = await ConnectAsync();
        await SendAsync(socket, """{"id":1,"op":"lanes"}""");
        var answer = (JsonObject)JsonNode.Parse((await ReadLinesAsync(socket, 1))[0])!;
        var run = (JsonObject)answer["runs"]!.AsArray().Single(r => (string?)r!["run_id"] == "r1")!;
        Assert.True((long)run["held_ms"]! >= 0);
        run.Remove("held_ms");
        Assert.Equal("""{"run_id":"r1","program":"work","alone":false,"waiting":1}""", run.ToJsonString());
        Assert.Equal((1, 1, 2), ((int)answer["running"]!, (int)answer["waiting"]!, (int)answer["keys"]!));
        Assert.Equal(("a", 1), ((string?)answer["longest_queues"]![0]!["key"], (int)answer["longest_queues"]![0]!["waiting"]!));
        Assert.Equal("""{"key":"z","waiting":0,"stuck_runs":["r0"]}""", answer["longest_queues"]![1]!.ToJsonString());
        _orchestrator.Lanes.Release("r0");
    }

    [Fact]
    public async Task Run_that_holds_its_keys_for_long_is_reported_once_and_again_when_that_has_doubled()
    {
        await StartAsync(loop: true);
        Close("a");
        using Socket busy = await ConnectAsync();
        await SendAsync(busy, """{"id":1,"run_id":"r1","program":"work","data_pool":{"key":"a"}}""" + Work(2, "a"));
        await Until.TrueAsync(() => _begun.Count == 1 && _orchestrator.WaitingCount == 1);
        var log = new ListLogger();
        var patient = new Ryuso.Server.Connections.LongHoldWatch(_orchestrator.Lanes, TimeSpan.FromHours(1), log);
        patient.Look();
        Assert.Empty(log.Lines);
        var watch = new Ryuso.Server.Connections.LongHoldWatch(_orchestrator.Lanes, TimeSpan.Zero, log);
        watch.Look();
        Assert.Matches("^The run 'r1' of the program 'work' has held its keys for 0 s, and 1 requests wait for it. See ryuso lanes.$", Assert.Single(log.Lines));
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (log.Lines.Count == 1)
        {
            watch.Look();
        }

        // Not at each look, but once the time had doubled.
        Assert.True(System.Diagnostics.Stopwatch.GetTimestamp() > began);
        Assert.Equal(2, log.Lines.Count);
    }

    private sealed class ListLogger : Microsoft.Extensions.Logging.ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task Random_pipelines_of_many_clients_are_answered_whole_and_in_order(bool loop)
    {
        await StartAsync(loop, o => (o.MaxQueueLength, o.MaxQueueLengthPerKey) = (100_000, 100_000));
        await Parallel.ForAsync(0, 8, Cancel, async (seed, cancel) =>
        {
            var random = new Random(seed);
            using Socket socket = await ConnectAsync();
            using var reader = new StreamReader(new NetworkStream(socket));
            for (int round = 0; round < 30; round++)
            {
                string[] texts = [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => new string((char)('a' + random.Next(26)), random.Next(random.Next(9) == 0 ? 5_000 : 20)))];
                Task sending = SendAsync(socket, string.Concat(texts.Select((text, i) => random.Next(20) == 0
                    ? $$"""{"id":{{i}},"op":"ping"}"""
                    : $$$"""{"id":{{{i}}},"program":"work","data_pool":{"key":"{{{random.Next(6)}}}","text":"{{{text}}}"}}""")));
                for (int i = 0; i < texts.Length; i++)
                {
                    string line = (await reader.ReadLineAsync(cancel))!;
                    Assert.True(line == $$"""{"_id":{{i}},"_pong":true}""" || line == $$"""{"_id":{{i}},"text":"{{texts[i]}}"}""", line);
                }

                await sending;
            }
        });
        Assert.True(_orchestrator.Lanes is Ryuso.Orchestration.KeyedLanes { IsEmpty: true });
    }

    private async Task StartAsync(bool loop, Action<RyusoServerOptions>? configure = null)
    {
        var options = new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance, UseEventLoop = loop };
        configure?.Invoke(options);
        _server = new RyusoServer(_orchestrator, options);
        await _server.StartAsync(Cancel);
    }

    private static string Work(int id, string key) => $$$"""{"id":{{{id}}},"program":"work","data_pool":{"key":"{{{key}}}"}}""";

    private void Close(string key) => _gates[key] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Open(string key) => _gates[key].SetResult();

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_server.EndPoint, Cancel);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(text);
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, Cancel)..];
        }
    }

    private static async Task<string[]> ReadLinesAsync(Socket socket, int count)
    {
        var lines = new List<byte>();
        byte[] buffer = new byte[1];
        while (count > 0 && await socket.ReceiveAsync(buffer, Cancel) > 0)
        {
            lines.Add(buffer[0]);
            count -= buffer[0] == '\n' ? 1 : 0;
        }

        return Encoding.UTF8.GetString([.. lines]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadToEndAsync(Cancel);
    }
}
