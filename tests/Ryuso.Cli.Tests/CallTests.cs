using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Cli.Client;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso call</c>, <c>describe</c>, <c>ping</c> and <c>bench</c> against a server.</summary>
public sealed class CallTests : IAsyncLifetime
{
    private const string Shop = """
        { "name": "Shop", "version": "1.2",
          "programs": {
            "buy": { "description": "Sells a hat.", "hooks": ["reserve", "charge", "ship"],
              "args": {
                "item": { "type": "string", "required": true, "description": "What is bought" },
                "cents": { "type": "int", "required": true }, "rate": { "type": "float", "required": false },
                "gift": { "type": "bool", "required": false, "default": false },
                "lines": { "type": "list", "required": false }, "extra": { "type": "dict", "required": false } },
              "outputs": { "item": { "type": "string", "required": true }, "cents": { "type": "int", "required": true } } },
            "stock": { "hooks": ["reserve"], "args": {}, "outputs": {} } },
          "hooks": {
            "check": { "reference": "shop.desk.check", "args": {} },
            "reserve": { "reference": "shop.desk.reserve", "args": {}, "dependencies": ["check"], "rectifiers": ["release"] },
            "release": { "reference": "shop.desk.release", "args": {} },
            "charge": { "reference": "shop.desk.charge", "args": {}, "rectifiers": ["refund"] },
            "refund": { "reference": "shop.desk.refund", "args": {} },
            "ship": { "reference": "shop.desk.ship", "args": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly RyusoServer _server;
    private readonly HashSet<string> _failing = [];
    private readonly Dictionary<string, JsonNode?> _pool = [];

    public CallTests()
    {
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Shop, (hook, pool) =>
        {
            foreach (string name in new[] { "item", "cents", "rate", "gift", "lines", "extra", "more", "itme", "_by", "_why", "_run_id" })
            {
                _pool[name] = pool[name]?.DeepClone();
            }

            return _failing.Contains(hook) ? HookResult.Fail($"The {hook} broke.") : HookResult.Ok;
        });
        _server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, Token = "secret", LoggerFactory = NullLoggerFactory.Instance });
    }

    private string Address => _server.EndPoint.ToString();

    public async ValueTask InitializeAsync() => await _server.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Outputs_are_shown_and_arguments_are_typed_as_the_program_declares_them()
    {
        Tool tool = await AskAsync("call", "buy", "item=007", "cents=-12", "rate=2", "gift=true", "lines=[1]", "extra={\"a\":null}", "--metadata", "by=7", "--metadata", "why=no reason", "--id", "r1");
        Assert.Equal((0, "item   007\ncents  -12\n", ""), (tool.ExitCode, tool.Output, tool.Error));
        Assert.Equal("""item="007" cents=-12 rate=2 gift=true lines=[1] extra={"a":null} _by=7 _why="no reason" _run_id="r1" """.TrimEnd(), Pool());
    }

    [Fact]
    public async Task A_pool_can_come_from_the_standard_input_and_named_arguments_win()
    {
        Tool tool = await Tool.RunAsync(_folder.FullPath, """{"item": "hat", "cents": 1, "more": [true]}""", [.. With("call", "buy", "-", "cents=2", "--json")]);
        Assert.Equal(0, tool.ExitCode);
        Assert.Equal("""{"item":"hat","cents":2}""", tool.Json.ToJsonString());
        Assert.StartsWith("""item="hat" cents=2 gift=false more=[true] """, Pool(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_run_is_told_as_a_timeline()
    {
        _failing.Add("ship");
        await WriteSpecAsync();
        Tool tool = await AskAsync("call", "buy", "item=hat", "cents=9");
        Assert.Equal(1, tool.ExitCode);
        Assert.StartsWith(
            """
            buy failed: The ship broke.

            ✓  1 check    ran
            ✓  2 reserve  ran, and was reversed
            ✓  3 charge   ran, and was reversed
            ✗  4 ship     failed: The ship broke.
            ↩  refund     reversed 3 charge
            ↩  release    reversed 2 reserve

            Reversed: charge, reserve.

            What the pool held in the end, of the outputs and the metadata:
            item   hat
            cents  9

            run 
            """,
            tool.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stuck_run_says_what_was_not_reversed_and_ends_with_3()
    {
        _failing.UnionWith(["ship", "refund"]);
        await WriteSpecAsync();
        Tool tool = await AskAsync("call", "buy", "item=hat", "cents=9");
        Assert.Equal(3, tool.ExitCode);
        Assert.StartsWith(
            """
            buy is STUCK: The refund broke.

            ✓  1 check    ran
            !  2 reserve  ran, and was NOT reversed
            !  3 charge   ran, and was NOT reversed
            ?  4 ship     may have failed; a stuck run does not tell what failed first
            ✗  refund     failed to reverse 3 charge: The refund broke.

            Nothing was reversed. NOT reversed: charge, reserve. refund failed, so nothing
            more was touched: an operator must look.
            """,
            tool.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_spec_the_trace_is_shown_as_it_came()
    {
        _failing.Add("charge");
        Tool tool = await AskAsync("call", "buy", "item=hat", "cents=9");
        Assert.Contains("1  reserve\n2  check\n3  charge   failed last\n4  release\n", tool.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--spec", "nosuch.json", "ryuso: Without the spec there is no timeline. There is no file 'nosuch.json'.\n")]
    [InlineData("--spec", ".", "")]
    public async Task Outcome_is_reported_whatever_the_search_for_the_spec_meets(string option, string value, string error)
    {
        _failing.UnionWith(["ship", "refund"]);
        await WriteSpecAsync();
        await File.WriteAllBytesAsync(_folder.File("broken.ryu.json"), [0xff], TestContext.Current.CancellationToken);
        Tool tool = await AskAsync("call", "buy", "item=hat", "cents=9", option, value);
        Assert.Equal(3, tool.ExitCode);
        Assert.StartsWith("buy is STUCK: The refund broke.\n", tool.Output, StringComparison.Ordinal);
        Assert.StartsWith(error, tool.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ship", 1)]
    [InlineData("refund", 3)]
    [InlineData("", 6)]
    public async Task Outcome_is_the_exit_code_even_where_it_cannot_be_written(string failing, int exitCode)
    {
        _failing.UnionWith(["ship", failing]);
        _failing.RemoveWhere(_ => failing.Length == 0);
        string tool = $"dotnet {typeof(RyusoTool).Assembly.Location} call buy item=hat cents=9 --server {Address} --token secret";
        Command run = await Command.RunAsync("sh", ["-c", $"cd {_folder.FullPath}; {tool} >/dev/full"]);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal("ryuso: The result could not be written: No space left on device\n", run.Error);
    }

    [Fact]
    public async Task Input_that_was_closed_before_the_start_is_empty()
    {
        string tool = $"dotnet {typeof(RyusoTool).Assembly.Location} call buy - item=hat --server {Address} --token secret";
        Command run = await Command.RunAsync("sh", ["-c", $"cd {_folder.FullPath}; {tool} <&-"]);
        Assert.Equal((2, "ryuso: The standard input is no JSON object.\n"), (run.ExitCode, run.Error));
        Command pipe = await Command.RunAsync("sh", ["-c", $$"""cd {{_folder.FullPath}}; echo '{"cents": 7}' | {{tool}}"""]);
        Assert.Equal((0, "item   hat\ncents  7\n"), (pipe.ExitCode, pipe.Output));
    }

    [Fact]
    public async Task Values_are_never_wrapped()
    {
        string hat = string.Join(' ', Enumerable.Repeat("hat", 100));
        Tool tool = await AskAsync("call", "buy", "item=" + hat, "cents=9");
        Assert.Equal($"item   {hat}\ncents  9\n", tool.Output);
    }

    [Fact]
    public async Task Control_characters_of_an_answer_are_shown_and_not_obeyed()
    {
        Tool outputs = await AskAsync("call", "buy", "item=a\u001b[2Jb\nc\u202e", "cents=9");
        Assert.Equal("item   a\\u001b[2Jb\\nc\\u202e\ncents  9\n", outputs.Output);
        Tool json = await AskAsync("call", "buy", "item=a\u001b[2J\u202e", "cents=9", "--json");
        Assert.Equal("a\u001b[2J\u202e", (string?)json.Json["item"]);
        Assert.DoesNotContain('\u202e', json.Output);
        Tool unknown = await AskAsync("call", "b\u001b[2J");
        Assert.Equal("ryuso: The server has no program 'b\\u001b[2J'.\n", unknown.Error);
    }

    [Theory]
    [InlineData(4, "rejected (invalid_arguments): ", "", "call", "buy", "cents=1")]
    [InlineData(2, "", "ryuso: 'cents' is of type int, and '1.5' is not. Write cents=12, for example.\n", "call", "buy", "cents=1.5")]
    [InlineData(2, "", "ryuso: 'hat' is no argument. Write name=value, or - for a JSON object from the standard input.\n", "call", "buy", "hat")]
    [InlineData(2, "", "ryuso: The server has no program 'by'. Did you mean 'buy'?\n", "call", "by")]
    [InlineData(2, "", "ryuso: --timeout is a number of seconds from 1 to 86400.\n'ryuso call --help' shows how it is used.\n", "call", "buy", "--timeout", "0")]
    public async Task What_cannot_be_called_is_told_with_its_own_exit_code(int exitCode, string output, string error, params string[] args)
    {
        Tool tool = await AskAsync(args);
        Assert.Equal((exitCode, error), (tool.ExitCode, tool.Error));
        Assert.StartsWith(output, tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_argument_is_sent_and_told()
    {
        Tool tool = await AskAsync("call", "stock", "itme=1");
        Assert.Equal((0, "ryuso: 'stock' has no argument 'itme'. It goes into the pool all the same.\n"), (tool.ExitCode, tool.Error));
    }

    [Fact]
    public async Task Without_the_token_nothing_is_told()
    {
        Tool tool = await Tool.RunAsync(_folder.FullPath, "describe", "--server", Address);
        Assert.Equal((4, ""), (tool.ExitCode, tool.Output));
        Assert.StartsWith("ryuso: The server refused (unauthorized): ", tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_offers_is_described()
    {
        Tool all = await AskAsync("describe");
        Assert.Equal(
            $$"""
            Shop 1.2 at {{Address}}

            buy      Sells a hat.
              takes  item string, cents int, rate float?, gift bool = false, lines list?,
                     extra dict?
              gives  item string, cents int

            stock
              takes  nothing
              gives  nothing

            """,
            all.Output);
        Tool one = await AskAsync("describe", "buy");
        Assert.Equal("buy  Sells a hat.\n\ntakes\n  item string\n  cents int\n  rate float?\n  gift bool = false\n  lines list?\n  extra dict?\n\ngives\n  item string\n  cents int\n", one.Output);
    }

    [Fact]
    public async Task Lanes_show_what_is_under_way()
    {
        Tool tool = await AskAsync("lanes");
        Assert.Equal((0, "0 runs under way, 0 waiting, 0 keys in use\n"), (tool.ExitCode, tool.Output));
        Assert.Equal(0, (int)(await AskAsync("lanes", "--json")).Json["running"]!);
    }

    [Fact]
    public async Task A_server_that_is_well_says_so_and_one_that_is_not_there_ends_with_5()
    {
        Tool well = await AskAsync("ping", "--json");
        Assert.True((bool)well.Json["well"]!);
        using var nobody = new Socket(SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Tool gone = await Tool.RunAsync(_folder.FullPath, "ping", "--server", nobody.LocalEndPoint!.ToString()!.Replace("[::ffff:", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal));
        Assert.Equal(5, gone.ExitCode);
        Assert.StartsWith("ryuso: There is no server at 127.0.0.1:", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_speaks_TLS_and_Unix_sockets()
    {
        using X509Certificate2 authority = Certificates.Make("authority", issuer: null);
        using X509Certificate2 own = Certificates.Make("127.0.0.1", authority);
        using X509Certificate2 me = Certificates.Make("me", authority);
        await File.WriteAllTextAsync(_folder.File("ca.pem"), authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.File("me.pem"), me.ExportCertificatePem() + "\n" + me.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        var options = new RyusoServerOptions { LoggerFactory = NullLoggerFactory.Instance };
        options.Tls = new SslServerAuthenticationOptions { ServerCertificate = own, ClientCertificateRequired = true, CertificateChainPolicy = Certificates.Trusting(authority) };
        options.Listen.Add("tls:127.0.0.1:0");
        options.Listen.Add("unix:" + _folder.File("s"));
        await using var server = new RyusoServer(SpecOrchestrator.Of(Shop, (_, _) => HookResult.Ok), options);
        await server.StartAsync(TestContext.Current.CancellationToken);
        string[] overTls = ["--server", $"tls:{server.EndPoint}", "--tls-ca", _folder.File("ca.pem"), "--tls-certificate", _folder.File("me.pem")];
        foreach (string[] there in new[] { overTls, ["--server", "unix:" + _folder.File("s")] })
        {
            Assert.Equal(0, (await Tool.RunAsync(_folder.FullPath, ["ping", .. there])).ExitCode);
            Assert.Equal("item   hat\ncents  1\n", (await Tool.RunAsync(_folder.FullPath, ["call", "buy", "item=hat", "cents=1", .. there])).Output);
            Tool load = await Tool.RunAsync(_folder.FullPath, ["bench", "stock", "--requests", "20", "--connections", "2", "--json", .. there]);
            Assert.Equal(20, (int?)load.Json["succeeded"]);
        }

        Tool distrustful = await Tool.RunAsync(_folder.FullPath, "ping", "--server", $"tls:{server.EndPoint}");
        Assert.Equal(5, distrustful.ExitCode);
        Assert.Contains("certificate", distrustful.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[::1]", "[::1]:60856")]
    [InlineData("::1", "[::1]:60856")]
    [InlineData("shop.example", "shop.example:60856")]
    [InlineData(":60857", "127.0.0.1:60857")]
    [InlineData(null, "127.0.0.1:60856")]
    [InlineData("tls:shop.example", "tls:shop.example:60856")]
    [InlineData("unix:/run/s", "unix:/run/s")]
    public void What_is_left_out_of_a_server_is_the_usual(string? given, string meant) => Assert.Equal(meant, Endpoint.Parse(given).Text);

    [Fact]
    public async Task A_load_of_a_number_of_requests_is_counted_in_full()
    {
        Tool tool = await AskAsync("bench", "buy", "item=hat-{n}", "cents=1", "--requests", "300", "--connections", "3", "--pipeline", "7", "--json");
        Assert.Equal((0, ""), (tool.ExitCode, tool.Error));
        Assert.Equal("300 300 0 0", $"{tool.Json["requests"]} {tool.Json["succeeded"]} {tool.Json["failed"]} {tool.Json["rejected"]}");
        Assert.Equal(300, tool.Json["histogram"]!.AsArray().Sum(r => (int)r!["requests"]!));
        Assert.Matches("^hat-[0-9]+$", (string)_pool["item"]!);
    }

    [Fact]
    public async Task A_load_that_fails_says_why_and_ends_with_1()
    {
        _failing.Add("check");
        Tool tool = await AskAsync("bench", "stock", "--requests", "5", "--connections", "1");
        Assert.Equal(1, tool.ExitCode);
        Assert.Contains("0 succeeded, 5 failed, 0 rejected\nthe first that did not: The check broke.\n", tool.Output, StringComparison.Ordinal);
    }

    /// <summary>What the hooks saw last.</summary>
    private string Pool() => string.Join(' ', _pool.Where(v => v.Value is not null).Select(v => $"{v.Key}={v.Value!.ToJsonString()}"));

    private Task<Tool> AskAsync(params string[] args) => Tool.RunAsync(_folder.FullPath, [.. With(args)]);

    private IEnumerable<string> With(params string[] args) => [.. args, "--server", Address, "--token", "secret"];

    private Task WriteSpecAsync() => File.WriteAllTextAsync(_folder.File("ryu_spec.json"), Shop, TestContext.Current.CancellationToken);
}
