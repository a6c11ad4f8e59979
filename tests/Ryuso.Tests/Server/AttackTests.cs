using System.Net.Sockets;
using System.Text;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>What clients may do to a server. After each, a plain client is served, no connection is left and memory is back.</summary>
[Collection(nameof(Alone))]
public class AttackTests : ServedTests
{
    private const string Plain = """{"program":"echo","data_pool":{"text":"plain"}}""";
    private static readonly int s_times = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_ATTACKS"), out int n) ? n : 1;

    private const long Most = 24 * 1024 * 1024;

    private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);

    public static TheoryData<string> Rubbish => new(
        "\0\u0001\u0002", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003", "{\"program\":\"echo\",\"data_pool\":{\"text\":NaN}}",
        "{\"program\":\"echo\",\"data_pool\":{\"text\":\"\\ud800\"}}", "{\"program\":\"echo\",\"data_pool\":{\"text\":\"a\",\"text\":\"b\"}}", "{}}}}}", "{'a':1}", "{\"a\":tru}", "{\"a\":1,}", "{,}", "{\"id\":\"\\ud800\",\"program\":\"x\"}",
        "{\"program\":\"echo\\u0000\"}", "{\"pro\\u0000gram\":1}", "\u00FE\u00FF{\0}", "{\"a\":1}" + "\u0000", "\"", "{\"a\":\"\n\"}", "{\"program\":{}}", "{\"program\":\"echo\",\"data_pool\":[]}", "{\"program\":\"echo\",\"metadata\":7}");

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task Random_bytes_get_a_rejection_and_nothing_else(string bytes)
    {
        await StartAsync();
        using (Socket socket = await SendAsync(Encoding.Latin1.GetBytes(bytes)))
        {
            socket.Shutdown(SocketShutdown.Send);
            Assert.NotNull(CodeOf(await ReadAsync(socket)));
        }

        await ServesOnAsync();
    }

    [Fact]
    public async Task Numbers_of_400_digits_and_names_with_a_zero_are_values_like_others()
    {
        await StartAsync();
        string digits = new('9', 400);
        Assert.Equal("bad_request", CodeOf(await AskAsync($$$"""{"program":"echo","data_pool":{"other":{{{digits}}}}}""")));
        Assert.Equal("""{"text":"none"}""", await AskAsync($$$"""{"program":"echo","ignored":{{{digits}}},"data_pool":{"a\u0000b":0.{{{digits}}}}}"""));
        await ServesOnAsync();
    }

    [Fact]
    public async Task Request_split_into_any_three_segments_is_the_same_request()
    {
        await StartAsync();
        byte[] request = """{"id":1,"program":"echo","data_pool":{"text":"é\n}"}}"""u8.ToArray();
        using Socket socket = await ConnectAsync();
        socket.NoDelay = true;
        for (int first = 1; first < request.Length; first++)
        {
            for (int second = first; second < request.Length; second++)
            {
                await socket.SendAsync(request.AsMemory(0, first), Cancel);
                await socket.SendAsync(request.AsMemory(first, second - first), Cancel);
                await socket.SendAsync(request.AsMemory(second), Cancel);
                Assert.Equal(["""{"_id":1,"text":"é\n}"}"""], await ReadLinesAsync(socket, 1));
            }
        }

        await EndAsync(socket);
        await ServesOnAsync();
    }

    [Fact]
    public async Task A_request_of_16_MiB_is_taken_and_one_byte_more_is_too_large()
    {
        await StartAsync();
        int most = new RyusoServerOptions().MaxRequestBytes;
        for (int more = -1; more <= 1; more++)
        {
            const string Frame = """{"program":"echo","ignored":""}""";
            string request = Frame.Insert(Frame.Length - 2, new string('x', most + more - Frame.Length));
            string answer = await AskAsync(request);
            Assert.Equal(more <= 0 ? """{"text":"none"}""" : "too_large", more <= 0 ? answer : CodeOf(answer));
        }

        await ServesOnAsync();
    }

    [Theory]
    [InlineData("{\"a\":\"", "x")]
    [InlineData("{\"a\":1", ",\"a\":1")]
    [InlineData("{\"a\":[1", ",1")]
    public async Task Request_without_an_end_is_too_large(string begin, string again)
    {
        await StartAsync(o => o.MaxRequestBytes = 1024 * 1024);
        using (Socket socket = await SendAsync(begin + string.Concat(Enumerable.Repeat(again, 1024 * 1024 / again.Length)) + again))
        {
            Assert.Equal("too_large", CodeOf(await ReadAsync(socket)));
        }

        await ServesOnAsync();
    }

    [Fact]
    public async Task Request_nested_deeply_or_with_a_million_keys_is_answered()
    {
        await StartAsync(o => o.MaxDepth = 20);
        Assert.Equal("bad_request", CodeOf(await AskAsync("{\"a\":" + new string('[', 20))));
        Assert.Equal("bad_request", CodeOf(await AskAsync("{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000)))));
        Assert.Equal("""{"text":"none"}""", await AskAsync(MillionKeys("{\"program\":\"echo\",", "}")));
        Assert.Equal("bad_request", CodeOf(await AskAsync(MillionKeys("{\"program\":\"echo\",\"data_pool\":{", "}}"))));
        Assert.Equal("""{"text":"none"}""", await AskAsync(MillionKeys("{\"program\":\"echo\",\"data_pool\":{\"all\":{", "}}}")));
        await ServesOnAsync();
    }

    [Theory]
    [InlineData("a string with many escapes behind many spaces")]
    [InlineData("many spaces behind a byte order mark, then one byte after the other")]
    public async Task Request_in_many_small_segments_is_scanned_once(string what)
    {
        await StartAsync();
        byte[] mark = [0xEF, 0xBB, 0xBF];
        string answer = what.StartsWith("a string", StringComparison.Ordinal)
            ? await AskAsync($$"""{"a":{{new string(' ', 1_000_000)}}"{{string.Concat(Enumerable.Repeat("\\n", 500_000))}}","program":"echo"}""")
            : await AskAsync([mark, new byte[2_000_000].Select(_ => (byte)' ').ToArray(), .. Enumerable.Repeat(" "u8.ToArray(), 3_000), Encoding.UTF8.GetBytes(Plain)]);
        Assert.Equal(what.StartsWith("a string", StringComparison.Ordinal) ? """{"text":"none"}""" : """{"text":"plain"}""", answer);
        await ServesOnAsync();
    }

    [Fact]
    public async Task Clients_that_send_only_white_space_delay_no_other_client()
    {
        await StartAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        byte[] spaces = [.. Enumerable.Repeat((byte)' ', 1024 * 1024)];
        var senders = new List<Task>();
        for (int i = 0; i < 4; i++)
        {
            Socket socket = await SendAsync("""{"id":1,"op":"ping"}""");
            senders.Add(Task.Run(async () =>
            {
                using (socket)
                {
                    while (!stop.IsCancellationRequested)
                    {
                        await socket.SendAsync(spaces, Cancel);
                    }
                }
            }, Cancel));
        }

        for (int i = 0; i < 200; i++)
        {
            Assert.Equal("""{"text":"plain"}""", await AskAsync(Plain));
        }

        await stop.CancelAsync();
        await Task.WhenAll(senders);
        await ServesOnAsync();
    }

    [EventLoopFact]
    public async Task Server_that_cannot_listen_leaves_no_descriptor_open()
    {
        await StartAsync();
        int before = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        for (int i = 0; i < 100; i++)
        {
            await using var second = new RyusoServer(Orchestrator, new RyusoServerOptions { Port = Server.EndPoint.Port, LoggerFactory = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance });
            await Assert.ThrowsAsync<SocketException>(() => second.StartAsync(Cancel));
        }

        Assert.InRange(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(), 0, before + 50);
    }

    [Fact]
    public async Task Ids_as_large_as_the_send_buffer_are_answered_in_order()
    {
        await StartAsync();
        using Socket socket = await SendAsync("""{"id":0,"program":"echo"}""");
        await ReadLinesAsync(socket, 1);
        string[] ids = [new string('a', 140_000), new string('b', 70_000), new string('c', 70_000), "d"];
        Task sending = socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(ids.Select(id => $$"""{"id":"{{id}}","program":"echo"}"""))), SocketFlags.None, Cancel).AsTask();
        using var reader = new StreamReader(new NetworkStream(socket));
        foreach (string id in ids)
        {
            Assert.Equal($$"""{"_id":"{{id}}","text":"none"}""", await reader.ReadLineAsync(Cancel));
        }

        await sending;
        socket.Dispose();
        await ServesOnAsync();
    }

    [Fact]
    public async Task Connection_reset_or_half_closed_at_any_stage_harms_no_other()
    {
        await StartAsync();
        string kept = """{"id":1,"program":"echo"}""" + Plain;
        for (int round = 0; round < s_times; round++)
        {
            for (int length = 0; length <= kept.Length; length++)
            {
                Reset(await SendAsync(kept[..length]));
                using Socket half = await SendAsync(kept[..length]);
                half.Shutdown(SocketShutdown.Send);
                string answer = await ReadAsync(half);
                Assert.Equal(length >= 25, answer.StartsWith("{\"_id\":1,\"text\":\"none\"}\n", StringComparison.Ordinal));
                Assert.Equal(length is not (0 or 25) && length != kept.Length, answer.Contains("bad_request", StringComparison.Ordinal));
            }

            // In the queue, in the run, and while the answer is being sent.
            Socket running = await SendAsync("""{"program":"gate"}""");
            await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
            Socket waiting = await SendAsync(Plain);
            Reset(running);
            Reset(waiting);
            Orchestrator.Gate.TrySetResult();
            Socket taking = await SendAsync(LongEcho());
            await taking.ReceiveAsync(new byte[1], Cancel);
            Reset(taking);
        }

        await ServesOnAsync();
    }

    [Fact]
    public async Task Clients_that_never_read_large_answers_delay_no_other_client()
    {
        await StartAsync(o => o.SendTimeout = TimeSpan.FromSeconds(1));
        var sockets = new List<Socket>();
        for (int i = 0; i < 4; i++)
        {
            sockets.Add(await SendAsync(LongEcho()));
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("""{"text":"plain"}""", await AskAsync(Plain));
        }

        // Their time runs out, whether they look or not.
        await Until.TrueAsync(() => Server.OpenConnections == 0);
        sockets.ForEach(socket => socket.Dispose());
        await ServesOnAsync();
    }

    [Fact]
    public async Task Connection_over_the_limit_is_busy_and_idle_ones_cost_no_CPU()
    {
        int most = s_times > 1 ? 4096 : 256;
        await StartAsync(o => (o.MaxConnections, o.ReceiveTimeout) = (most, TimeSpan.FromMinutes(5)));
        var idle = new List<Socket>();
        for (int i = 0; i < most; i++)
        {
            idle.Add(await ConnectAsync());
        }

        await Until.TrueAsync(() => Server.OpenConnections == most);
        Assert.Equal("busy", CodeOf(await AskAsync(Plain)));
        idle[0].Dispose();
        await Until.TrueAsync(() => Server.OpenConnections < most);
        Assert.Equal("""{"text":"plain"}""", await AskAsync(Plain));
        idle.ForEach(socket => socket.Dispose());
        await ServesOnAsync();
    }

    [Fact]
    public async Task Hundreds_of_slow_writers_do_not_slow_other_clients()
    {
        await StartAsync();
        double alone = await P99Async();
        var slow = new List<Socket>();
        for (int i = 0; i < 300; i++)
        {
            slow.Add(await SendAsync("{\"program\":"));
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task dripping = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (Socket socket in slow)
                {
                    await socket.SendAsync(" "u8.ToArray(), Cancel);
                    await Task.Yield();
                }
            }
        }, Cancel);
        double beside = await P99Async();
        await stop.CancelAsync();
        await dripping;
        TestContext.Current.TestOutputHelper?.WriteLine($"p99 {alone:F2} ms alone, {beside:F2} ms beside 300 slow writers");
        slow.ForEach(socket => socket.Dispose());
        await ServesOnAsync();
    }

    [Fact]
    public async Task Hook_that_throws_blocks_or_is_late_fails_its_own_step()
    {
        await StartAsync();
#pragma warning disable CA2201 // Hooks throw what they like.
        Orchestrator.EchoAsync = text => text switch
        {
            "memory" => throw new OutOfMemoryException(),
            "access" => throw new AccessViolationException(),
            "cancelled" => throw new OperationCanceledException(),
            "disposed" => throw new ObjectDisposedException("x"),
            "late" => Task.FromException(new InvalidProgramException()),
            _ => Task.CompletedTask,
        };
#pragma warning restore CA2201
        foreach (string text in new[] { "memory", "access", "cancelled", "disposed", "late" })
        {
            using Socket socket = await SendAsync($$$"""{"id":1,"program":"echo","data_pool":{"text":"{{{text}}}"}}{"id":2,"program":"echo"}""");
            string[] answers = await ReadLinesAsync(socket, 2);
            Assert.Contains("_program_fail", answers[0], StringComparison.Ordinal);
            Assert.Equal("""{"_id":2,"text":"none"}""", answers[1]);
        }

        await ServesOnAsync();
    }

    /// <summary>Not kept in a local: the memory is looked at in the end.</summary>
    private static string LongEcho() =>
        """{"id":1,"program":"echo","data_pool":{"text":"LONG"}}""".Replace("LONG", new string('x', 8 * 1024 * 1024), StringComparison.Ordinal);

    /// <summary>Not joined or interpolated: that would leave large buffers in the shared pool.</summary>
    private static string MillionKeys(string begin, string end)
    {
        var keys = new StringBuilder(begin);
        for (int i = 0; i < 1_000_000; i++)
        {
            keys.Append(i == 0 ? "\"k" : ",\"k").Append(i).Append("\":1");
        }

        return keys.Append(end).ToString();
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    private static async Task EndAsync(Socket socket)
    {
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadAsync(socket));
    }

    private async Task<double> P99Async()
    {
        var times = new List<double>();
        for (int i = 0; i < 300 * s_times; i++)
        {
            long began = TimeProvider.System.GetTimestamp();
            Assert.Equal("""{"text":"plain"}""", await AskAsync(Plain));
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count * 99 / 100);
    }

    /// <summary>A plain client is served, every connection is gone, and the memory is back.</summary>
    private async Task ServesOnAsync()
    {
        Assert.Equal("""{"text":"plain"}""", await AskAsync(Plain));
        await Until.TrueAsync(() => Server.OpenConnections == 0);
        Assert.Equal(0, Orchestrator.WaitingCount);
        long memory = 0;
        for (int i = 0; i < 100 && (memory = GC.GetTotalMemory(forceFullCollection: true)) >= _before + Most; i++)
        {
            await Task.Yield();
        }

        Assert.True(memory < _before + Most, $"{memory} bytes are held, {_before} were.");
    }
}
