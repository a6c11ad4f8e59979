using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

public sealed class NativeWalletTests(PackedRyuso package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public async Task The_wallet_is_compiled_to_native_code_without_a_warning_and_answers()
    {
        await Command.SkipUnlessInstalledAsync("cc");
        CopyWallet();
        Command published = await _consumer.DotnetAsync("publish", "Wallet/Wallet.csproj", "-r", RuntimeInformation.RuntimeIdentifier, "-o", _consumer.File("out"));
        Assert.True(published.ExitCode == 0, published.Output + published.Error);
        Assert.DoesNotContain("warning", published.Output, StringComparison.OrdinalIgnoreCase);
        var executable = new FileInfo(_consumer.File("out/Wallet"));

        long start = Stopwatch.GetTimestamp();
        await using ServerProcess wallet = await ServerProcess.StartAsync(executable.FullName, [], new Dictionary<string, string> { ["WALLET_DB"] = _consumer.File("wallet.db") });
        string opened = await wallet.AskAsync("""{"program": "open_account", "data_pool": {"account": "alice"}}""");
        TimeSpan firstAnswer = Stopwatch.GetElapsedTime(start);

        Assert.Equal("""{"account":"alice","balance":0}""", opened);
        Command called = await Command.RunAsync(executable.FullName, ["call", wallet.Port.ToString(CultureInfo.InvariantCulture)]);
        Assert.Equal("OpenAccountOutputs { Account = bob, Balance = 0 }", called.Output.Trim());
        Assert.Equal(0, await wallet.TerminateAsync());
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{executable.Length / 1e6:F1} MB; {firstAnswer.TotalMilliseconds:F0} ms from the start to the first answer, SQLite file created."));
    }

    private void CopyWallet()
    {
        string sample = Repository.File("samples/Wallet");
        foreach (string file in Directory.EnumerateFiles(sample, "*.cs").Concat(Directory.EnumerateFiles(sample + "/Hooks")).Append(sample + "/ryu_spec.json"))
        {
            _consumer.Write("Wallet/" + Path.GetRelativePath(sample, file), File.ReadAllText(file));
        }

        // So that its client is compiled too.
        const string Begin = "using ServiceProvider services";
        string program = File.ReadAllText(sample + "/Program.cs");
        Assert.Contains(Begin, program, StringComparison.Ordinal);
        _consumer.Write("Wallet/Program.cs", program.Replace(Begin, $$"""
            if (args is ["call", string port])
            {
                await using var client = new WalletClient("127.0.0.1", int.Parse(port));
                Console.WriteLine(await client.OpenAccountAsync(new("bob")));
                return;
            }

            {{Begin}}
            """, StringComparison.Ordinal));
        _consumer.WriteProject(
            "Wallet/Wallet.csproj",
            Consumer.Executable + "<PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization>",
            _consumer.Reference,
            $"""<PackageReference Include="Ryuso.Sqlite" Version="{package.Version}" />""",
            $"""<PackageReference Include="Microsoft.Data.Sqlite" Version="{Build.VersionOf("Microsoft.Data.Sqlite")}" />""",
            $"""<PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="{Build.VersionOf("Microsoft.Extensions.DependencyInjection")}" />""");
    }
}
