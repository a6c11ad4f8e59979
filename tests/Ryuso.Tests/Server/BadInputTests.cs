using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.TestKit;
using Ryuso.Tests.Running;

namespace Ryuso.Tests.Server;

/// <summary>Whatever comes in at the door, it gets its code, runs nothing, and the server serves on.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private const string Good = """{"program":"add","data_pool":{"a":1,"b":"x","c":2.5}}""";
    private const string Done = """{"a":1}""";

    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RyusoServer _server;
    private int _calls;

    public BadInputTests()
    {
        const string Args = """{"a":{"type":"int","required":true},"b":{"type":"string","required":true},"c":{"type":"float","required":true},"d":{"type":"list","required":false}}""";
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            $$$$$"""{"name":"t","programs":{"add":{"hooks":["a"],"args":{{{{{Args}}}}},"outputs":{"a":{"type":"int","required":true}}},"wait":{"hooks":["w"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"t.a","args":{}},"w":{"reference":"t.w","args":{}}}}""",
            async (hook, _, _) =>
            {
                Interlocked.Increment(ref _calls);
                if (hook == "w")
                {
                    _entered.SetResult();
                    await _gate.Task;
                }

                return HookResult.Ok;
            });
        _server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.StartAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("{hello}")]
    [InlineData("{'program':'add'}")]
    [InlineData("""{"program":"add",}""")]
    [InlineData("""{"program":"add" "data_pool":{}}""")]
    [InlineData("""{"program":]""")]
    [InlineData("""{"program":"add","data_pool":{"a":01}}""")]
    [InlineData("""{"program":"add","data_pool":{"a":NaN}}""")]
    [InlineData("""{"program":"add","data_pool":{"b":"\ud800"}}""")]
    [InlineData("""{"program":"add","data_pool":{"c":1e999}}""")]
    public Task Request_that_is_not_JSON_is_a_bad_request(string request) => IsRejectedAsync(request, "bad_request", "");

    [Theory]
    [InlineData("[]")]
    [InlineData("[{}]")]
    [InlineData("\"add\"")]
    [InlineData("null")]
    [InlineData("17")]
    public Task Request_that_is_not_an_object_is_a_bad_request(string request) => IsRejectedAsync(request, "bad_request", "must be one JSON object");

    [Theory]
    [InlineData("\"program\":\"\u00ff\"")]
    [InlineData("\"program\":\"add\",\"data_pool\":{\"b\":\"\u00c0\u0080\"}")]
    [InlineData("\"program\":\"add\",\"data_pool\":{\"\u00ed\u00a0\u0080\":1}")]
    [InlineData("\"program\":\"add\",\"ignored\":\"\u00fe\"")]
    public Task What_is_not_UTF8_is_a_bad_request(string latin) => IsRejectedAsync(Encoding.Latin1.GetBytes($"{{{latin}}}"), "bad_request", "not valid UTF-8");

    [Fact]
    public async Task Request_cut_off_anywhere_is_a_bad_request()
    {
        for (int length = 1; length < Good.Length; length++)
        {
            (string code, string words) = await PlainClient.RejectionAsync(_server.EndPoint, Encoding.UTF8.GetBytes(Good[..length]), halfClose: true);
            Assert.Equal(("bad_request", "The request ended before its JSON object did."), (code, words));
        }

        await ServesOnAsync();
    }

    [Theory]
    [InlineData("program", "1")]
    [InlineData("program", "null")]
    [InlineData("program", "[\"add\"]")]
    [InlineData("program", "{}")]
    [InlineData("data_pool", "1")]
    [InlineData("data_pool", "[]")]
    [InlineData("data_pool", "\"{}\"")]
    [InlineData("data_pool", "true")]
    [InlineData("metadata", "1")]
    [InlineData("metadata", "[0]")]
    [InlineData("metadata", "\"{}\"")]
    [InlineData("metadata", "true")]
    public Task Key_of_the_wrong_type_is_a_bad_request_that_names_it(string key, string value) =>
        IsRejectedAsync(key == "program" ? $"{{\"program\":{value}}}" : $"{{\"program\":\"add\",\"{key}\":{value}}}", "bad_request", $"'{key}' must be");

    [Theory]
    [InlineData("{}", "names no program")]
    [InlineData("""{"data_pool":{}}""", "names no program")]
    [InlineData("""{"program":"add","program":"add"}""", "Duplicate key 'program'")]
    [InlineData("""{"program":"add","data_pool":{},"data_pool":{}}""", "Duplicate key 'data_pool'")]
    [InlineData("""{"program":"add","metadata":{},"metadata":{}}""", "Duplicate key 'metadata'")]
    [InlineData("""{"program":"add","data_pool":{"a":1,"a":1}}""", "Duplicate variable 'a'")]
    [InlineData("""{"program":"add","data_pool":{"d":[{"k":1,"k":1}]}}""", "uplicate key 'k'")]
    [InlineData("""{"program":"add","metadata":{"m":1,"_m":1}}""", "Duplicate variable '_m'")]
    [InlineData("""{"program":"add","data_pool":{"_m":1,"_m":1},"metadata":{"m":1}}""", "Duplicate variable '_m'")]
    [InlineData("""{"program":"add","metadata":{"m":1},"data_pool":{"_m":1,"_m":1}}""", "Duplicate variable '_m'")]
    public Task Missing_or_duplicate_key_is_a_bad_request_that_says_so(string request, string words) => IsRejectedAsync(request, "bad_request", words);

    [Theory]
    [InlineData("ad", "The nearest: 'add'")]
    [InlineData("", "The nearest: 'add', 'wait'")]
    [InlineData("programs.add", "'add'")]
    public Task Unknown_program_is_rejected_with_the_nearest_names(string program, string words) =>
        IsRejectedAsync($"{{\"program\":\"{program}\"}}", "unknown_program", words);

    [Fact]
    public Task Missing_and_mistyped_arguments_are_all_reported_together() => IsRejectedAsync(
        """{"program":"add","data_pool":{"a":1.0,"b":null,"d":{}}}""",
        "invalid_arguments",
        "The program 'add' cannot run: 'a' must be int but is float; 'b' (string) is missing; 'c' (float) is missing; 'd' must be list but is dict.");

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("1e2")]
    [InlineData("-0.0")]
    public Task An_int_has_64_bits_no_fraction_and_no_exponent(string number) =>
        IsRejectedAsync($$$"""{"program":"add","data_pool":{"a":{{{number}}},"b":"","c":1}}""", "invalid_arguments", "'a' must be int but is float");

    [Fact]
    public Task Request_of_17_MiB_is_too_large() => IsRejectedAsync("{\"a\":\"" + new string('x', 17 * 1024 * 1024) + "\"}", "too_large", "16777216");

    [Theory]
    [InlineData('[', "")]
    [InlineData('{', "\"a\":")]
    public Task Request_of_1000_levels_is_a_bad_request(char bracket, string key) =>
        IsRejectedAsync("{\"a\":" + string.Concat(Enumerable.Repeat(bracket + key, 1000)), "bad_request", "deeper than 64");

    [Fact]
    public async Task Request_of_64_levels_is_served()
    {
        string list = new string('[', 62) + new string(']', 62);
        Assert.Equal(Done, await PlainClient.AskAsync(_server.EndPoint, $$$"""{"program":"add","data_pool":{"a":1,"b":"","c":1,"d":{{{list}}}}}"""));
        Assert.Equal(Done, await PlainClient.AskAsync(_server.EndPoint, $$$"""{"metadata":{"m":{{{list}}}},"program":"add","data_pool":{"a":1,"b":"","c":1}}"""));
        await IsRejectedAsync($$$"""{"program":"add","data_pool":{"a":1,"b":"","c":1,"d":[{{{list}}}]}}""", "bad_request", "deeper than 64", callsBefore: 2);
    }

    [Fact]
    public async Task Null_data_pool_and_metadata_count_as_absent()
    {
        Assert.Equal("invalid_arguments", (await PlainClient.RejectionAsync(_server.EndPoint, """{"program":"add","data_pool":null}"""u8.ToArray())).Code);
        Assert.Equal(Done, await PlainClient.AskAsync(_server.EndPoint, """{"metadata":null,"program":"add","data_pool":{"a":1,"b":"","c":1}}"""));
    }

    /// <summary>The original asked only whether there was any metadata.</summary>
    [Theory]
    [InlineData("[]")]
    [InlineData("[ ]")]
    [InlineData("\"\"")]
    [InlineData("0")]
    [InlineData("0.0")]
    [InlineData("false")]
    public async Task What_is_false_in_Python_is_no_metadata(string metadata) =>
        Assert.Equal(Done, await PlainClient.AskAsync(_server.EndPoint, $$$"""{"metadata":{{{metadata}}},"program":"add","data_pool":{"a":1,"b":"","c":1}}"""));

    [Fact]
    public async Task Client_that_resets_within_a_request_harms_no_other()
    {
        PlainClient.Reset(await PlainClient.SendAsync(_server.EndPoint, "{\"program\":"));
        await ServesOnAsync();
    }

    [Fact]
    public async Task Client_that_resets_while_its_program_runs_harms_no_other()
    {
        Socket running = await PlainClient.SendAsync(_server.EndPoint, """{"program":"wait"}""");
        await _entered.Task.WaitAsync(Cancel);
        PlainClient.Reset(running);
        _gate.SetResult();
        await ServesOnAsync(calls: 2);
    }

    [Fact]
    public async Task Silent_client_delays_none_of_a_hundred_others()
    {
        using Socket silent = await PlainClient.SendAsync(_server.EndPoint, "");
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(i => PlainClient.AskAsync(_server.EndPoint, $$$"""{"program":"add","data_pool":{"a":{{{i}}},"b":"","c":1}}""")));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $$"""{"a":{{i}}}"""), answers);
        await silent.SendAsync(Encoding.UTF8.GetBytes(Good), Cancel);
        Assert.Equal(Done, await PlainClient.ReadAsync(silent));
    }

    private Task IsRejectedAsync(string request, string code, string words, int callsBefore = 0) =>
        IsRejectedAsync(Encoding.UTF8.GetBytes(request), code, words, callsBefore);

    private async Task IsRejectedAsync(byte[] request, string code, string words, int callsBefore = 0)
    {
        (string actualCode, string actualWords) = await PlainClient.RejectionAsync(_server.EndPoint, request);
        Assert.Equal(code, actualCode);
        Assert.Contains(words, actualWords, StringComparison.Ordinal);
        await ServesOnAsync(callsBefore + 1);
    }

    /// <summary>Only the good request reached a hook.</summary>
    private async Task ServesOnAsync(int calls = 1)
    {
        Assert.Equal(Done, await PlainClient.AskAsync(_server.EndPoint, Good));
        Assert.Equal(calls, _calls);
    }
}
