using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ryuso.Server.Loops;
using Ryuso.TestKit;

namespace Ryuso.Tests.Server;

/// <summary>A run that has not begun by its deadline is rejected while it waits, and nothing of it runs; one that has begun goes on.</summary>
public sealed class DeadlineTests : IAsyncDisposable
{
    private const string Spec = """
        {"name":"timed","programs":{
          "hold":{"hooks":["gate"],"args":{"key":{"type":"string","required":false,"default":"k"}},"outputs":{}},
          "work":{"hooks":["note"],"args":{"key":{"type":"string","required":false,"default":"k"}},"outputs":{}}},
         "hooks":{"gate":{"reference":"t.gate","args":{},"dependencies":[],"rectifiers":[]},
                  "note":{"reference":"t.note","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    // What never comes fails the test.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SpecOrchestrator _orchestrator = null!;
    private RyusoServer _server = null!;
    private int _worked;

    /// <summary>Whether the spec has keys, and whether the server has its own threads.</summary>
    public static TheoryData<bool, bool> Forms
    {
        get
        {
            var forms = new TheoryData<bool, bool>();
            foreach (bool isKeyed in (bool[])[false, true])
            {
                forms.Add(isKeyed, false);
                if (EventLoopGroup.IsSupported)
                {
                    forms.Add(isKeyed, true);
                }
            }

            return forms;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_in_process_that_waits_past_its_deadline_is_rejected_and_does_not_run(bool isKeyed)
    {
        Make(isKeyed);
        Task<ProgramResult> holding = _orchestrator.RunAsync("hold", cancellationToken: Cancel);
        await _entered.Task;
        Task<ProgramResult> late = _orchestrator.RunAsync("work", null, new CallOptions { Deadline = TimeSpan.FromMilliseconds(100) }, Cancel);
        Task<ProgramResult> patient = _orchestrator.RunAsync("work", null, new CallOptions { Deadline = TimeSpan.FromHours(1) }, Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(late.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        JsonObject answer = (await late.WaitAsync(s_limit, Cancel)).Answer;
        Assert.Equal("timeout", (string?)answer["_error_code"]);
        Assert.Contains("100 ms", (string?)answer["_server_error"], StringComparison.Ordinal);
        Assert.Equal(1, _orchestrator.WaitingCount);
        _gate.SetResult();
        Assert.True((await holding).IsSuccess);
        Assert.True((await patient).IsSuccess);
        Assert.Equal(1, _worked);
    }

    /// <summary>The timer may come late; the turn looks at the clock itself.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Turn_that_comes_past_the_deadline_before_the_timer_does_is_not_taken(bool isKeyed)
    {
        Make(isKeyed, new TimerlessTime(_time));
        Task<ProgramResult> holding = _orchestrator.RunAsync("hold", cancellationToken: Cancel);
        await _entered.Task;
        Task<ProgramResult> late = _orchestrator.RunAsync("work", null, new CallOptions { Deadline = TimeSpan.FromMilliseconds(100) }, Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(late.IsCompleted);
        _gate.SetResult();
        Assert.True((await holding).IsSuccess);
        Assert.Equal("timeout", (await late.WaitAsync(s_limit, Cancel)).ErrorCode);
        Assert.Equal(0, _worked);
        Assert.True((await _orchestrator.RunAsync("work", cancellationToken: Cancel).WaitAsync(s_limit, Cancel)).IsSuccess);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_that_has_begun_goes_on_past_its_deadline(bool isKeyed)
    {
        Make(isKeyed);
        Task<ProgramResult> run = _orchestrator.RunAsync("hold", null, new CallOptions { Deadline = TimeSpan.FromMilliseconds(1) }, Cancel);
        await _entered.Task;
        _time.Advance(TimeSpan.FromDays(1));
        _gate.SetResult();
        Assert.True((await run).IsSuccess);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Requests_that_wait_past_their_deadline_are_rejected_over_plain_kept_and_pipelined_connections(bool isKeyed, bool loop)
    {
        await StartAsync(isKeyed, loop);
        Task<string> holding = PlainClient.AskAsync(_server.EndPoint, """{"program":"hold"}""");
        await _entered.Task;
        Task<string> plain = PlainClient.AskAsync(_server.EndPoint, """{"program":"work","deadline_ms":50}""");
        using Socket kept = await PlainClient.SendAsync(
            _server.EndPoint, """{"id":1,"program":"work","deadline_ms":50}{"id":2,"op":"ping"}""");
        await Until.TrueAsync(() => _orchestrator.WaitingCount == 2);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal("timeout", CodeOf(await plain.WaitAsync(s_limit, Cancel)));
        Assert.Equal("timeout", CodeOf(await ReadLineAsync(kept)));
        Assert.Equal("""{"_id":2,"_pong":true}""", await ReadLineAsync(kept));
        Assert.Equal(0, _orchestrator.WaitingCount);
        Assert.False(holding.IsCompleted);

        // The connection goes on, and its next run has a turn of its own.
        await kept.SendAsync(Encoding.UTF8.GetBytes("""{"id":3,"program":"work"}"""), Cancel);
        await Until.TrueAsync(() => _orchestrator.WaitingCount == 1);
        _time.Advance(TimeSpan.FromDays(1));
        _gate.SetResult();
        Assert.Equal("{}", await holding);
        Assert.Equal("""{"_id":3}""", await ReadLineAsync(kept));
        Assert.Equal(1, _worked);
    }

    [Fact]
    public async Task Client_sends_the_deadline_of_its_call()
    {
        await StartAsync(isKeyed: false, loop: false);
        await using var client = new RyusoClient("127.0.0.1", _server.EndPoint.Port);
        Task<JsonObject> holding = client.RunAsync("hold", cancellationToken: Cancel);
        await _entered.Task;
        await using var other = new RyusoClient("127.0.0.1", _server.EndPoint.Port);
        Task<JsonObject> late = other.RunAsync("work", options: new CallOptions { Deadline = TimeSpan.FromMilliseconds(50) }, cancellationToken: Cancel);
        await Until.TrueAsync(() => _orchestrator.WaitingCount == 1);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal("timeout", (await Assert.ThrowsAsync<RequestRejectedException>(() => late.WaitAsync(s_limit, Cancel))).Code);
        _gate.SetResult();
        await holding;
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("\"50\"")]
    [InlineData("{\"ms\":50}")]
    [InlineData("5,\"deadline_ms\":5")]
    public async Task Deadline_that_is_none_is_a_bad_request(string deadline)
    {
        await StartAsync(isKeyed: false, loop: false);
        string request = "{\"program\":\"work\",\"deadline_ms\":" + deadline + "}";
        (string code, string words) = await PlainClient.RejectionAsync(_server.EndPoint, Encoding.UTF8.GetBytes(request));
        Assert.Equal("bad_request", code);
        Assert.Contains("'deadline_ms'", words, StringComparison.Ordinal);
        Assert.Equal(0, _worked);
    }

    [Fact]
    public void Deadline_is_rounded_up_to_a_millisecond_and_must_be_positive()
    {
        Assert.Equal(1, new CallOptions { Deadline = TimeSpan.FromTicks(1) }.DeadlineMs);
        Assert.Equal(int.MaxValue, new CallOptions { Deadline = TimeSpan.FromMilliseconds(int.MaxValue) }.DeadlineMs);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CallOptions { Deadline = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CallOptions { Deadline = TimeSpan.MaxValue });
    }

    private static string? CodeOf(string answer) => (string?)JsonNode.Parse(answer)!["_error_code"];

    private static async Task<string> ReadLineAsync(Socket socket)
    {
        var line = new List<byte>();
        byte[] buffer = new byte[1];
        while (await socket.ReceiveAsync(buffer, Cancel) > 0 && buffer[0] != '\n')
        {
            line.Add(buffer[0]);
        }

        return Encoding.UTF8.GetString([.. line]);
    }

    private void Make(bool isKeyed, TimeProvider? time = null)
    {
        Definitions.SpecDefinition spec = SpecDefinitions.Compile(Spec);
        _orchestrator = new SpecOrchestrator(
            isKeyed ? spec.WithKeys(("hold", ["key"], true), ("work", ["key"], true)) : spec,
            async (name, _, _) =>
            {
                if (name == "gate")
                {
                    _entered.TrySetResult();
                    await _gate.Task;
                }
                else
                {
                    Interlocked.Increment(ref _worked);
                }

                return HookResult.Ok;
            },
            time: time ?? _time);
    }

    /// <summary>A clock whose timers never fire.</summary>
    private sealed class TimerlessTime(TimeProvider clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private async Task StartAsync(bool isKeyed, bool loop)
    {
        Make(isKeyed);
        _server = new RyusoServer(
            _orchestrator, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance, UseEventLoop = loop });
        await _server.StartAsync(Cancel);
    }
}
