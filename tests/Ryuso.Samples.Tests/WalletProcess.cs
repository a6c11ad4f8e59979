using System.Reflection;
using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Samples.Tests;

/// <summary>The wallet as its users start it.</summary>
internal static class WalletProcess
{
    /// <summary>The executable that the build has put beside the tests.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "Wallet");

    private static readonly string s_configuration = typeof(WalletProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    public static Task<ServerProcess> StartAsync(string database) => StartAsync(Executable, ["--port", "0"], database);

    public static Task<ServerProcess> StartAsync(string program, string[] arguments, string database) =>
        ServerProcess.StartAsync(program, arguments, new Dictionary<string, string> { ["WALLET_DB"] = database, ["Configuration"] = s_configuration }, awaited: "| nc ");

    public static async Task<long> BalanceAsync(this ServerProcess wallet, string account)
    {
        string statement = await wallet.AskAsync($$$"""{"program": "statement", "data_pool": {"account": "{{{account}}}"}}""");
        return (long)JsonNode.Parse(statement)!["balance"]!;
    }
}
