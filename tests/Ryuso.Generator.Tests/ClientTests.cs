namespace Ryuso.Generator.Tests;

/// <summary>The typed client, beside an orchestrator and alone.</summary>
public class ClientTests
{
    private const string Caller = """
        using System.Text.Json.Nodes;
        using System.Threading;
        using System.Threading.Tasks;
        using Ryuso;
        using Wallet;

        internal static class Caller
        {
            internal static async Task<long> CallAsync(CancellationToken cancel)
            {
                await using var client = new WalletClient("127.0.0.1", 60856);
                TransferOutputs done = await client.TransferAsync(new("alice", 5));
                done = await client.TransferAsync(new("alice", 5) { Note = "rent" }, cancel);
                done = await client.TransferAsync(new("alice", 5), new CallOptions { RunId = "r", Metadata = new JsonObject { ["user"] = "ann" } }, cancel);
                await new WalletClient("unix:/run/wallet.sock", new RyusoClientOptions { Token = "secret" }).TransferAsync(new("alice", 5), default(CancellationToken));
                return done.Balance;
            }
        }
        """;

    private static Build ClientOnly(string spec, params string[] sources) =>
        Build.Of(spec, sources) with { Properties = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("build_property.RyusoClientOnly", "true") };

    [Fact]
    public void A_project_that_only_calls_needs_no_hooks_and_is_not_told_of_them()
    {
        Built built = ClientOnly(Wallet.Spec, Caller).Run();
        built.MustBeClean();
        Assert.Empty(built.Told);
        Assert.Equal(["Wallet.Programs.Transfer.g.cs", "Wallet.WalletClient.g.cs"], built.Files.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Beside_the_orchestrator_there_is_the_same_client()
    {
        Built both = Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify), Caller).Run();
        both.MustBeClean();
        Built alone = ClientOnly(Wallet.Spec, Caller).Run();
        Assert.All(alone.Files, file => Assert.Equal(both.Files[file.Key], file.Value));
    }

    [Fact]
    public void Problems_of_the_spec_are_told_to_a_client_too()
    {
        Built built = ClientOnly(Wallet.Spec.Replace("hooks.notify", "hooks.notifi")).Run();
        Assert.Contains("RYU105", built.Diagnostics.Select(d => d.Id));
    }

    [Fact]
    public void Programs_may_be_named_like_what_a_client_can_do_anyway()
    {
        string[] names = ["ping", "describe", "run", "dispose", "ask", "server", "client", "equals", "to_string", "get_hash_code", "ryuso_client", "wallet_client"];
        string spec = $$"""
            {
              "name": "Wallet",
              "programs": { {{string.Join(", ", names.Select(n => $$""" "{{n}}": { "hooks": [], "args": { "to_pool": { "type": "int", "required": true }, "from_answer": { "type": "list", "required": false } }, "outputs": { "from_answer": { "type": "int", "required": false, "default": 1 } } } """))}} },
              "hooks": {}
            }
            """;
        string calls = string.Concat(names.Select(n => Ryuso.Spec.Model.SpecNaming.ToPascalCase(n)).Select(n => $"        sum += (await client.{n}Async(new {n}Args(1))).FromAnswer2;\n"));
        Built built = ClientOnly(spec, $$"""
            using System.Threading.Tasks;
            using Wallet;

            internal static class Caller
            {
                internal static async Task<long> CallAsync()
                {
                    long sum = 0;
                    await using var client = new WalletClient("127.0.0.1", 60856);
                    await client.PingAsync();
                    await client.DescribeAsync();
                    await client.RunAsync("ping");
            {{calls}}
                    return sum;
                }
            }
            """).Run();
        Assert.Null(built.Exception);
        Assert.All(built.Diagnostics, d => Assert.StartsWith("RYU12", d.Id, StringComparison.Ordinal)); // that nobody reads or writes the variables
        Assert.Empty(built.Compiler);
    }

    [Fact]
    public void A_program_without_outputs_gives_a_plain_task()
    {
        const string Spec = """{ "name": "Wallet", "programs": { "close": { "hooks": [], "args": {}, "outputs": {} } }, "hooks": {} }""";
        Built built = ClientOnly(Spec).Run();
        built.MustBeClean();
        Assert.Contains("public global::System.Threading.Tasks.Task CloseAsync(CloseArgs args, ", built.Files["Wallet.WalletClient.g.cs"], StringComparison.Ordinal);
    }
}
