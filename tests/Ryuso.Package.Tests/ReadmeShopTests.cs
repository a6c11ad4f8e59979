using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

public sealed class ReadmeShopTests(PackedRyuso package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void The_README_has_no_code_block_that_no_test_runs() =>
        Assert.Equal(["", "", "json", "csharp", "csharp", "json", "json", "python", "csharp", "csharp"], Readme.Languages());

    [Fact]
    public async Task A_console_app_of_the_README_s_spec_and_hooks_answers_and_fails_as_the_README_says()
    {
        _consumer.WriteProject("Shop/Shop.csproj", Consumer.Executable, _consumer.Reference);
        _consumer.WriteShop("Shop");
        _consumer.Write("Shop/Program.cs", Readme.Block("Its hooks", "csharp", 1));
        await _consumer.BuildAsync("Shop/Shop.csproj");
        await using ServerProcess shop = await ServerProcess.StartAsync(_consumer.PathOfBuilt("Shop"), []);
        string request = Readme.Inline("""{"program": "buy",""");

        string failed = await shop.AskAsync(request.Replace("1200", "9000", StringComparison.Ordinal));
        string bought = await shop.AskAsync(request);
        string taken = await shop.AskAsync(request);

        Assert.Equal(WithoutTime(Readme.Block("What comes back", "json", 1)), WithoutTime(failed));
        Assert.Equal(Readme.Block("What comes back", "json").Trim(), bought);
        Assert.Equal("It is taken.", (string)JsonNode.Parse(taken)!["_error"]!);
        await AssertPythonAsync(shop.Port);
        await AssertClientAsync(shop.Port);
        Assert.Equal(0, await shop.TerminateAsync());
    }

    [Fact]
    public async Task A_library_with_hooks_and_a_spec_marked_by_hand_serves_an_app_that_references_it()
    {
        _consumer.WriteProject("Shop/Shop.csproj", "", _consumer.Reference, """<AdditionalFiles Include="shop.json" RyusoSpec="true" />""");
        _consumer.WriteShop("Shop");
        File.Move(_consumer.File("Shop/ryu_spec.json"), _consumer.File("Shop/shop.json"));
        _consumer.WriteProject("App/App.csproj", Consumer.Executable, """<ProjectReference Include="../Shop/Shop.csproj" />""");
        _consumer.Write("App/Program.cs", """
            using Ryuso;
            using Shop;

            return RyusoServer.Run<ShopOrchestrator>(args);
            """);
        await _consumer.BuildAsync("App/App.csproj");
        await using ServerProcess app = await ServerProcess.StartAsync(_consumer.PathOfBuilt("App"), ["--port", "0"]);

        Assert.Equal(Readme.Block("What comes back", "json").Trim(), await app.AskAsync(Readme.Inline("""{"program": "buy",""")));
    }

    [Fact]
    public async Task A_test_project_calls_the_orchestrator_without_a_socket()
    {
        _consumer.WriteProject("Shop/Shop.csproj", "", _consumer.Reference);
        _consumer.WriteShop("Shop");
        _consumer.WriteProject(
            "Shop.Tests/Shop.Tests.csproj",
            Consumer.Executable + "<NoWarn>$(NoWarn);xUnit1051</NoWarn>", // The README's call is short and passes no token.
            """<ProjectReference Include="../Shop/Shop.csproj" />""",
            $"""<PackageReference Include="xunit.v3" Version="{Build.VersionOf("xunit.v3")}" />""");
        _consumer.Write("Shop.Tests/DeskTests.cs", $$"""
            using Ryuso;
            using Shop;
            using Xunit;

            public class DeskTests
            {
                [Fact]
                public async Task A_hat_is_paid()
                {
                    {{Readme.Block("What comes back", "csharp", 1)}}
                    Assert.True(result.IsSuccess);
                    Assert.Equal(new BuyOutputs("paid 1200"), result.Outputs);
                }
            }
            """);
        await _consumer.BuildAsync("Shop.Tests/Shop.Tests.csproj");

        Command tested = await Command.RunAsync(_consumer.PathOfBuilt("Shop.Tests"), []);

        Assert.True(tested.ExitCode == 0, tested.Output);
        Assert.Contains("Total: 1, Errors: 0, Failed: 0", tested.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_package_s_own_readme_is_followed_to_a_running_server()
    {
        const string File = "src/Ryuso/README.md";
        _consumer.WriteProject("Hello/Hello.csproj", Consumer.Executable, _consumer.Reference);
        _consumer.Write("Hello/ryu_spec.json", Readme.Block(File, "Ryuso", "json", 0));
        _consumer.Write("Hello/Greeter.cs", Readme.Block(File, "Ryuso", "csharp", 0));
        _consumer.Write("Hello/Program.cs", Readme.Block(File, "Ryuso", "csharp", 1));
        await _consumer.BuildAsync("Hello/Hello.csproj");
        await using ServerProcess hello = await ServerProcess.StartAsync(_consumer.PathOfBuilt("Hello"), []);

        Assert.Equal("""{"greeting":"Hello, Ann."}""", await hello.AskAsync("""{"program": "greet", "data_pool": {"name": "Ann"}}"""));
    }

    /// <summary>A project that has the spec and nothing else of the shop.</summary>
    private async Task AssertClientAsync(int port)
    {
        Assert.Equal(Readme.Block("What comes back", "csharp"), Readme.Block("src/Ryuso/Client/README.md", "The client", "csharp", 0));
        _consumer.WriteProject("Buyer/Buyer.csproj", Consumer.Executable + "<RyusoClientOnly>true</RyusoClientOnly>", _consumer.Reference);
        _consumer.Write("Buyer/ryu_spec.json", Readme.Block("A spec", "json"));
        _consumer.Write("Buyer/Program.cs", $$"""
            using Ryuso;
            using Shop;

            {{Readme.Block("What comes back", "csharp").Replace("60856", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("hat", "glove", StringComparison.Ordinal)}}
            Console.WriteLine(bought.Receipt);
            try
            {
                await client.BuyAsync(new("coat", 9000), new CallOptions { RunId = "coat" });
            }
            catch (ProgramFailedException failed)
            {
                Console.WriteLine($"{failed.RunId}: {failed.Error} {string.Join(", ", failed.Rectified)}");
            }
            """);
        await _consumer.BuildAsync("Buyer/Buyer.csproj");
        Command bought = await Command.RunAsync(_consumer.PathOfBuilt("Buyer"), []);
        Assert.Equal("paid 1200\ncoat: The card has a limit of 5000. hooks.reserve", bought.Output.Trim());
    }

    private static async Task AssertPythonAsync(int port)
    {
        await Command.SkipUnlessInstalledAsync("python3");
        string script = Readme.Block("What comes back", "python")
            .Replace("60856", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("hat", "scarf", StringComparison.Ordinal);
        Command asked = await Command.RunAsync("python3", ["-c", script]);
        Assert.Equal("{'receipt': 'paid 1200'}", asked.Output.Trim());
    }

    /// <summary>The answer on one line, with what differs from run to run left out.</summary>
    private static string WithoutTime(string answer)
    {
        JsonObject members = JsonNode.Parse(answer)!.AsObject();
        Assert.True(members.ContainsKey("_program_time_start") && members.ContainsKey("_run_id"));
        members["_program_time_start"] = 0;
        members["_run_id"] = "";
        return members.ToJsonString();
    }
}
