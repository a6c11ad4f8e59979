using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Server;

public class KeptConnectionTests : ServedTests
{
    private static string Echo(string id, string text) => $$$"""{"id":{{{id}}},"program":"echo","data_pool":{"text":"{{{text}}}"}}""";

    [Fact]
    public async Task Request_with_an_id_gets_it_first_and_keeps_the_connection()
    {
        await StartAsync();
        using Socket socket = await SendAsync(Echo("1", "a"));
        Assert.Equal(["""{"_id":1,"text":"a"}"""], await ReadLinesAsync(socket, 1));
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes("\n" + Echo("\"zwei\"", "b") + "\r\n"), Cancel);
        Assert.Equal(["""{"_id":"zwei","text":"b"}"""], await ReadLinesAsync(socket, 1));
        await socket.SendAsync("""{"program":"echo"}"""u8.ToArray(), Cancel);
        Assert.Equal("""{"text":"none"}""", await ReadAsync(socket));
    }

    [Fact]
    public async Task Thousand_requests_in_flight_are_answered_in_order()
    {
        await StartAsync();
        using Socket socket = await ConnectAsync();
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo($"{i}", $"text {i}")), Cancel);
            }

            socket.Shutdown(SocketShutdown.Send);
        }, Cancel);
        string answers = await ReadAsync(socket);
        await sending;
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(i => $$"""{"_id":{{i}},"text":"text {{i}}"}""" + "\n")), answers);
    }

    [Theory]
    [InlineData("""{"id":7,"program":"nix"}""", "unknown_program")]
    [InlineData("""{"id":7,"program":"echo","data_pool":{"text":1}}""", "invalid_arguments")]
    [InlineData("""{"id":7,"program":"echo","program":"echo"}""", "bad_request")]
    [InlineData("""{"id":7,"program" "echo"}""", "bad_request")]
    [InlineData("""{"id":7,"op":"pong"}""", "bad_request")]
    [InlineData("""{"id":7,"op":5}""", "bad_request")]
    [InlineData("""{"id":7,"op":"run","\u006fp":"run"}""", "bad_request")]
    public async Task Rejection_carries_the_id_and_keeps_the_connection(string request, string code)
    {
        await StartAsync();
        using Socket socket = await SendAsync(request + Echo("8", "b"));
        string[] answers = await ReadLinesAsync(socket, 2);
        Assert.StartsWith("""{"_id":7,"_server_error":""", answers[0], StringComparison.Ordinal);
        Assert.Equal(code, CodeOf(answers[0]));
        Assert.Equal("""{"_id":8,"text":"b"}""", answers[1]);
    }

    [Theory]
    [InlineData("""{"id":7,"a":]""")]
    [InlineData("""{"id":7,hello}""")]
    public async Task Stream_that_cannot_be_framed_ends_the_connection(string request)
    {
        await StartAsync();
        using Socket socket = await SendAsync(request + Echo("8", "b"));
        string answer = await ReadAsync(socket);
        Assert.Equal(7, (int?)JsonNode.Parse(answer)!["_id"]);
        Assert.Equal("bad_request", CodeOf(answer));
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("-")]
    [InlineData("01")]
    [InlineData("true")]
    [InlineData("[1]")]
    [InlineData("{\"a\":1}")]
    public async Task Id_that_is_neither_string_nor_integer_is_rejected(string id)
    {
        await StartAsync();
        Assert.Equal("bad_request", CodeOf(await AskAsync(Echo(id, "a"))));
    }

    [Theory]
    [InlineData("""{"id":null,"program":"echo"}""", """{"text":"none"}""")]
    [InlineData("""{"x":"id","id":5,"y":"id","program":"echo"}""", "{\"_id\":5,\"text\":\"none\"}\n")]
    [InlineData("""{"id":123456789012345678901234567890,"program":"echo"}""", "{\"_id\":123456789012345678901234567890,\"text\":\"none\"}\n")]
    [InlineData("""{"id":-9223372036854775809,"program":"echo"}""", "{\"_id\":-9223372036854775809,\"text\":\"none\"}\n")]
    [InlineData("""{"x":{"id":3},"program":"echo"}""", """{"text":"none"}""")]
    [InlineData("""{"\u0069d":"\u0061\n","program":"echo"}""", "{\"_id\":\"a\\n\",\"text\":\"none\"}\n")]
    [InlineData("""{"id" : -12345678901234567890 , "program":"echo"}""", "{\"_id\":-12345678901234567890,\"text\":\"none\"}\n")]
    [InlineData("""{"op":"ping"}""", """{"_pong":true}""")]
    [InlineData("""{"op":"ping","id":"p"}""", "{\"_id\":\"p\",\"_pong\":true}\n")]
    [InlineData("""{"op":null,"program":"echo","other":[1]}""", """{"text":"none"}""")]
    [InlineData("""{"op":"run","program":"echo"}""", """{"text":"none"}""")]
    public async Task Envelope_with_escapes_and_spaces_is_read_as_JSON(string request, string answer)
    {
        await StartAsync();
        using Socket socket = await SendAsync(request);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(answer, await ReadAsync(socket));
    }

    [Fact]
    public async Task Describe_lists_the_programs()
    {
        await StartAsync();
        JsonNode answer = JsonNode.Parse(await AskAsync("""{"op":"describe"}"""))!;
        Assert.Equal(("test", "1.0"), ((string?)answer["name"], (string?)answer["version"]));
        Assert.Equal("""{"type":"string","required":false,"default":"none"}""", answer["programs"]!["echo"]!["args"]!["text"]!.ToJsonString());
        Assert.NotNull(answer["programs"]!["gate"]!["outputs"]!["text"]);
    }

    [Fact]
    public async Task Answer_does_not_wait_for_the_run_after_it()
    {
        await StartAsync();
        using Socket socket = await SendAsync(Echo("1", "a") + Echo("2", "b") + """{"id":3,"program":"gate"}""" + Echo("4", "d"));
        Assert.Equal(["""{"_id":1,"text":"a"}""", """{"_id":2,"text":"b"}"""], await ReadLinesAsync(socket, 2));
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        Orchestrator.Gate.SetResult();
        Assert.Equal(["""{"_id":3,"text":"none"}""", """{"_id":4,"text":"d"}"""], await ReadLinesAsync(socket, 2));
    }

    [Fact]
    public async Task Answer_does_not_wait_for_a_program_of_unknown_speed_that_blocks()
    {
        await StartAsync();
        using Socket socket = await SendAsync(Echo("0", "x"));
        await ReadLinesAsync(socket, 1);
        using var block = new ManualResetEventSlim();
        Orchestrator.BeforeFail = () => block.Wait(Cancel);
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo("1", "a") + Echo("2", "b") + """{"id":3,"program":"fail"}"""), Cancel);
        Assert.Equal(["""{"_id":1,"text":"a"}""", """{"_id":2,"text":"b"}"""], await ReadLinesAsync(socket, 2));
        block.Set();
        Assert.Contains("As asked.", (await ReadLinesAsync(socket, 1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_that_is_slow_for_the_first_time_keeps_no_answer_back()
    {
        await StartAsync();
        Orchestrator.Gate.SetResult();
        using Socket socket = await SendAsync(Echo("0", "x"));
        await ReadLinesAsync(socket, 1);
        using var block = new ManualResetEventSlim();
        Orchestrator.EchoAsync = text => text == "late" ? Task.Run(() => block.Wait(Cancel)) : Task.CompletedTask;
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo("1", "a") + Echo("2", "b") + Echo("3", "late")), Cancel);
        Assert.Equal(["""{"_id":1,"text":"a"}""", """{"_id":2,"text":"b"}"""], await ReadLinesAsync(socket, 2));
        block.Set();
        Assert.Equal(["""{"_id":3,"text":"late"}"""], await ReadLinesAsync(socket, 1));
    }

    [Fact]
    public async Task Requests_and_calls_run_in_the_order_in_which_they_became_complete()
    {
        await StartAsync();
        using Socket gate = await SendAsync("""{"program":"gate"}""");
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        var order = new List<string>();
        Orchestrator.EchoAsync = text =>
        {
            order.Add(text);
            return Task.CompletedTask;
        };
        var sockets = new List<Socket>();
        var calls = new List<Task>();
        for (int i = 0; i < 20; i++)
        {
            if (i % 2 == 0)
            {
                sockets.Add(await SendAsync($$$"""{"program":"echo","data_pool":{"text":"{{{i}}}"}}"""));
            }
            else
            {
                calls.Add(Orchestrator.RunAsync("echo", new JsonObject { ["text"] = $"{i}" }, cancellationToken: Cancel));
            }

            await UntilWaitingAsync(i + 1);
        }

        Orchestrator.Gate.SetResult();
        await Task.WhenAll(calls);
        await Task.WhenAll(sockets.Select(ReadAsync));
        sockets.ForEach(socket => socket.Dispose());
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), order);
    }

    [Fact]
    public async Task Blocking_hook_does_not_keep_clients_from_being_accepted_read_or_rejected()
    {
        await StartAsync(o => o.MaxQueueLength = 2);
        using var block = new ManualResetEventSlim();
        Task entered = Orchestrator.BlockEcho(block);
        using Socket running = await SendAsync("""{"program":"echo"}""");
        await entered.WaitAsync(Cancel);
        using Socket first = await SendAsync("""{"program":"echo"}""");
        await UntilWaitingAsync(1);
        using Socket second = await SendAsync(Echo("2", "b"));
        await UntilWaitingAsync(2);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("busy", CodeOf(await AskAsync("""{"program":"echo"}""")));
            Assert.Equal("""{"_pong":true}""", await AskAsync("""{"op":"ping"}"""));
        }

        using Socket kept = await SendAsync(Echo("3", "c"));
        Assert.Equal("busy", CodeOf((await ReadLinesAsync(kept, 1))[0]));
        block.Set();
        Assert.Equal("""{"text":"none"}""", await ReadAsync(running));
        Assert.Equal("""{"text":"none"}""", await ReadAsync(first));
        Assert.Equal(["""{"_id":2,"text":"b"}"""], await ReadLinesAsync(second, 1));
        await kept.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo("4", "d")), Cancel);
        Assert.Equal(["""{"_id":4,"text":"d"}"""], await ReadLinesAsync(kept, 1));
    }

    [Fact]
    public async Task Fast_program_that_blocks_once_does_not_keep_clients_from_being_accepted()
    {
        await StartAsync();
        for (int i = 0; i < 10; i++)
        {
            await AskAsync("""{"program":"echo"}""");
        }

        using var block = new ManualResetEventSlim();
        for (int round = 0; round < 3; round++)
        {
            Task entered = Orchestrator.BlockEcho(block);
            using Socket running = await SendAsync("""{"program":"echo"}""");
            await entered.WaitAsync(Cancel);
            using Socket early = await ConnectAsync();
            Assert.Equal("""{"_pong":true}""", await AskAsync("""{"op":"ping"}"""));
            using Socket waiting = await SendAsync("""{"program":"echo"}""");
            await UntilWaitingAsync(1);
            await early.SendAsync("""{"op":"ping"}"""u8.ToArray(), Cancel);
            Assert.Equal("""{"_pong":true}""", await ReadAsync(early));
            block.Set();
            Assert.Equal("""{"text":"none"}""", await ReadAsync(running));
            Assert.Equal("""{"text":"none"}""", await ReadAsync(waiting));
            block.Reset();
        }
    }

    [Fact]
    public async Task Wrong_token_is_unauthorized_and_the_right_one_is_in_no_pool_and_no_log()
    {
        var log = new TestLog();
        await StartAsync(o => (o.Token, o.LoggerFactory) = ("s3cret\"é", log));
        foreach (string auth in new[] { "", "\"auth\":\"\",", "\"auth\":\"s3cret\",", "\"auth\":\"s3cret\\\"éx\",", "\"auth\":5,", "\"auth\":null,", "\"auth\":[\"s3cret\\\"é\"]," })
        {
            Assert.Equal("unauthorized", CodeOf(await AskAsync("{" + auth + "\"program\":\"echo\"}")));
            Assert.Equal("unauthorized", CodeOf(await AskAsync("{" + auth + "\"op\":\"describe\"}")));
        }

        using Socket kept = await SendAsync("""{"id":1,"auth":"no","program":"echo"}{"id":2,"auth":"s3cret\"é","program":"fail","metadata":{"m":1}}""");
        string[] answers = await ReadLinesAsync(kept, 2);
        Assert.Equal("unauthorized", CodeOf(answers[0]));
        Assert.Equal(1, (int?)JsonNode.Parse(answers[1])!["_m"]);
        Assert.DoesNotContain(answers, answer => answer.Contains("s3cret", StringComparison.Ordinal));
        await Server.StopAsync(Cancel);
        Assert.Contains("unauthorized", log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_gives_a_kept_connection_its_answers_and_then_shutting_down()
    {
        await StartAsync();
        using Socket socket = await SendAsync("""{"id":1,"program":"gate"}""" + Echo("2", "b"));
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        using Socket idle = await SendAsync(Echo("9", "i"));
        await UntilWaitingAsync(1);
        Task stop = Server.StopAsync(Cancel);
        Orchestrator.Gate.SetResult();
        Assert.Equal(["""{"_id":1,"text":"none"}""", """{"_id":2,"text":"b"}"""], await ReadLinesAsync(socket, 2));
        Assert.Equal(["""{"_id":9,"text":"i"}"""], await ReadLinesAsync(idle, 1));

        // It is sent when the last call is over, whenever that is: until then it is answered.
        int id = 3;
        string answer;
        do
        {
            await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(Echo($"{id}", "c")), Cancel);
            answer = (await ReadLinesAsync(socket, 1))[0];
            Assert.Equal(id++, (int?)JsonNode.Parse(answer)!["_id"]);
        }
        while (CodeOf(answer) is null);
        Assert.Equal("shutting_down", CodeOf(answer));
        Assert.Equal("", await ReadAsync(socket));
        Assert.Equal("", await ReadAsync(idle));
        socket.Dispose();
        idle.Dispose();
        await stop;
    }
}
