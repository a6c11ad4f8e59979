using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Samples.Tests;

public sealed class WalletProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Database => _folder.File("wallet.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("python3", "ask.py")]
    [InlineData("node", "ask.mjs")]
    [InlineData("nc", "ask.sh")]
    public async Task A_plain_client_gets_right_answers(string needs, string script)
    {
        await Command.SkipUnlessInstalledAsync(needs);
        await using ServerProcess wallet = await WalletProcess.StartAsync(Database);
        async Task<JsonObject> AskAsync(params string[] arguments)
        {
            string program = script.EndsWith(".sh", StringComparison.Ordinal) ? "sh" : needs;
            Command asked = await Command.RunAsync(
                program,
                [Repository.File($"samples/clients/{script}"), .. arguments],
                new Dictionary<string, string> { ["RYUSO_PORT"] = wallet.Port.ToString(CultureInfo.InvariantCulture) });
            Assert.True(asked.ExitCode == 0, asked.Error);
            return JsonNode.Parse(asked.Output)!.AsObject();
        }

        JsonObject opened = await AskAsync("open_account", """{"account": "alice", "owner": "Älice 🦉"}""");
        await AskAsync("open_account", """{"account": "bob"}""");
        JsonObject deposited = await AskAsync("deposit", """{"to": "alice", "amount": 2500}""");
        JsonObject moved = await AskAsync("transfer", """{"from": "alice", "to": "bob", "amount": 700, "note": "Glühwein 🍷"}""");
        JsonObject failed = await AskAsync("transfer", """{"from": "alice", "to": "bob", "amount": 300}""", """{"notifier_down": true}""");
        JsonObject statement = await AskAsync("statement", """{"account": "bob", "limit": 3}""");

        Assert.Equal("""{"account":"alice","balance":0}""", opened.ToJsonString());
        Assert.Equal(2500, (long)deposited["to_balance"]!);
        Assert.Equal((1800, 700), ((long)moved["from_balance"]!, (long)moved["to_balance"]!));
        Assert.Equal("""["hooks.credit","hooks.debit"]""", failed["_rectified"]!.ToJsonString());
        Assert.Equal("The notifier is down; nobody could be told of 300 cents.", (string)failed["_error"]!);
        Assert.Equal(700, (long)statement["balance"]!);
        Assert.Equal(["undo_credit", "credit", "credit"], statement["entries"]!.AsArray().Select(e => (string)e!["kind"]!));
        Assert.Equal("Glühwein 🍷", (string)statement["entries"]![2]!["note"]!);
        Assert.Equal(1800, await wallet.BalanceAsync("alice"));
    }

    [Theory]
    [InlineData("python3", "python3 -c")]
    [InlineData("nc", "| nc ")]
    public async Task The_requests_that_it_prints_can_be_copied(string needs, string part)
    {
        await Command.SkipUnlessInstalledAsync(needs);
        await using ServerProcess wallet = await WalletProcess.StartAsync(Database);
        if (needs == "nc")
        {
            await wallet.AskAsync("""{"program": "open_account", "data_pool": {"account": "alice"}}""");
        }

        Command asked = await Command.RunAsync("sh", ["-c", Assert.Single(wallet.Output.Split('\n'), line => line.Contains(part, StringComparison.Ordinal))]);

        JsonObject answer = JsonNode.Parse(asked.Output)!.AsObject();
        Assert.Null(answer["_program_fail"]);
        Assert.Equal(needs == "nc" ? 2500 : 0, await wallet.BalanceAsync("alice"));
    }

    [Fact]
    public async Task It_ends_with_0_at_SIGTERM_and_finds_its_accounts_again()
    {
        await using (ServerProcess first = await WalletProcess.StartAsync(Database))
        {
            await first.AskAsync("""{"program": "open_account", "data_pool": {"account": "alice"}}""");
            await first.AskAsync("""{"program": "deposit", "data_pool": {"to": "alice", "amount": 2500}}""");
            Assert.Equal(0, await first.TerminateAsync());
            Assert.Matches(@"Information deposit [0-9a-f-]{36}: Succeeded in \d+\.\d\d ms\.\n", first.Log);
            Assert.Contains("Stopped.", first.Log, StringComparison.Ordinal);
        }

        Assert.Equal(["wallet.db", "wallet.ryuso.db"], Directory.EnumerateFiles(_folder.FullPath).Select(Path.GetFileName).Order());
        await using ServerProcess second = await WalletProcess.StartAsync(Database);
        Assert.Equal(2500, await second.BalanceAsync("alice"));
    }

    [Theory]
    [InlineData("--help", 0)]
    [InlineData("--version", 0)]
    [InlineData("--prot=1", 2)]
    public async Task What_does_not_serve_creates_no_file(string option, int exitCode)
    {
        Command ended = await Command.RunAsync(WalletProcess.Executable, [option], new Dictionary<string, string> { ["WALLET_DB"] = Database });

        Assert.Equal(exitCode, ended.ExitCode);
        Assert.Empty(Directory.EnumerateFiles(_folder.FullPath));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_and_ends_with_1()
    {
        await using ServerProcess wallet = await WalletProcess.StartAsync(Database);

        Command second = await Command.RunAsync(
            WalletProcess.Executable,
            ["--port", wallet.Port.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string> { ["WALLET_DB"] = _folder.File("second.db") });

        Assert.Equal(1, second.ExitCode);
        Assert.StartsWith($"Cannot listen on 127.0.0.1:{wallet.Port}: ", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_command_of_the_README_serves_the_wallet_and_the_second_is_the_continuous_build_s()
    {
        Assert.Equal(["dotnet run --project samples/Wallet", "dotnet test -c Release"], CommandsIn("README.md"));
        Assert.StartsWith("dotnet test -c Release ", CommandsIn(".ci/run")[^1], StringComparison.Ordinal);

        // The build of these tests has built it already: as the README says, but from any folder and in their configuration.
        await using ServerProcess wallet = await WalletProcess.StartAsync("dotnet", ["run", "--project", Repository.File("samples/Wallet")], Database);
        string opened = await wallet.AskAsync("""{"program": "open_account", "data_pool": {"account": "alice"}}""");

        Assert.Equal("""{"account":"alice","balance":0}""", opened);
        Assert.Contains(Database, wallet.Output, StringComparison.Ordinal);
        Assert.Equal(0, await wallet.TerminateAsync());
    }

    private static string[] CommandsIn(string file) =>
        [.. File.ReadLines(Repository.File(file)).Where(line => line.StartsWith("dotnet ", StringComparison.Ordinal))];
}
