using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

/// <summary>The guide of the samples, followed from its first command to its last.</summary>
public sealed partial class GuideTests(PackedRyuso package) : IDisposable
{
    private const string Guide = "samples/README.md";
    private const string Undone = "\"hooks.wrap\", \"hooks.charge\", \"hooks.reserve\"";

    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void The_guide_has_no_code_block_that_no_test_runs() => Assert.Equal(
        ["", "", "json", "", "json", "csharp", "csharp", "", "", "csharp", "", "csharp", "", "csharp", "", "csharp", ""],
        Readme.Languages(Guide));

    [Fact]
    public async Task It_leads_from_hello_to_durable_watched_and_scaled()
    {
        Assert.Equal("dotnet new install Ryuso.Templates\ndotnet new ryuso -n Shop\ncd Shop\ndotnet run --project Shop\n", Block("Hello"));
        var template = new Template(package, _consumer);
        await template.CreateAsync("Shop");
        AddStep((JsonObject)JsonNode.Parse(Block("Undo", "json"))!);
        Write("Shop/Wrapping.cs", "Undo");
        Write("Shop.Tests/WrapTests.cs", "Test it");
        AddPackages();
        Write("Shop/Program.cs", "Durable");
        Write("Shop/Till.cs", "Idempotency");
        Assert.Equal("dotnet test\n", Block("Test it"));
        Assert.Contains("succeeded: 8", (await template.DotnetAsync("Shop", "test")).Output, StringComparison.Ordinal);
        await using (ServerProcess durable = await StartAsync("Debug"))
        {
            await AskAsGuidedAsync(durable);
        }

        Write("Shop/Program.cs", "Watched");
        await template.DotnetAsync("Shop", "build", "Shop", "-c", "Release");
        await using (ServerProcess watched = await StartAsync("Release"))
        {
            Assert.Equal("""{"left":10}""", await watched.AskAsync(Request("Hello", 1)));
        }

        Write("Shop/Program.cs", "Hosted");
        await template.DotnetAsync("Shop", "build", "Shop", "-c", "Release");
        await ScaleAsync();
    }

    private static async Task AskAsGuidedAsync(ServerProcess shop)
    {
        Assert.Equal(Block("Hello", "json").Trim(), await shop.AskAsync(Request("Hello", 1)));
        JsonNode refused = JsonNode.Parse(await shop.AskAsync(Request("Undo", 0)))!;
        Assert.Contains(Undone, File.ReadAllText(Repository.File(Guide)), StringComparison.Ordinal);
        Assert.Equal($"[{Undone.Replace(" ", "", StringComparison.Ordinal)}]", refused["_rectified"]!.ToJsonString());
        string bought = await shop.AskAsync(Request("Idempotency", 0));
        Assert.Equal(9, (int)JsonNode.Parse(bought)!["left"]!);
        Assert.Equal(bought, await shop.AskAsync(Request("Idempotency", 0)));
        Assert.Equal("""{"left":9}""", await shop.AskAsync(Request("Hello", 1)));
        Assert.Equal(0, await shop.TerminateAsync());
    }

    /// <summary>Two processes on one port, started by the guide's command.</summary>
    private async Task ScaleAsync()
    {
        string command = Regex.Match(Block("Scaled"), "do (.*) & done").Groups[1].Value;
        Task<ServerProcess> Start(int i, int port) => ServerProcess.StartAsync(
            "sh", ["-c", $"cd '{_consumer.File("Shop")}' && RYUSO_PORT={port} exec {command.Replace("$i", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)} 1>&2"]);

        await using ServerProcess first = await Start(1, 0);
        await using ServerProcess second = await Start(2, first.Port);

        Assert.Equal(first.Port, second.Port);
        Assert.Equal(0, await first.TerminateAsync());
        Assert.Equal("""{"left":10}""", await second.AskAsync(Request("Hello", 1)));
        Assert.Equal(0, await second.TerminateAsync());
        Assert.True(File.Exists(_consumer.File("Shop/shop-1.ryuso.db")) && File.Exists(_consumer.File("Shop/shop-2.ryuso.db")));
    }

    private Task<ServerProcess> StartAsync(string configuration) =>
        ServerProcess.StartAsync("sh", ["-c", $"cd '{_consumer.File("Shop")}' && exec Shop/bin/{configuration}/net10.0/Shop"]);

    private void AddStep(JsonObject hooks)
    {
        string file = _consumer.File("Shop/Shop/ryu_spec.json");
        JsonNode spec = JsonNode.Parse(File.ReadAllText(file))!;
        foreach ((string name, JsonNode? hook) in hooks)
        {
            spec["hooks"]![name] = hook!.DeepClone();
        }

        JsonArray steps = spec["programs"]!["buy"]!["hooks"]!.AsArray();
        steps.Insert(steps.Count - 1, "hooks.wrap");
        File.WriteAllText(file, spec.ToJsonString());
        string tests = _consumer.File("Shop/Shop.Tests/BuyTests.cs");
        File.WriteAllText(tests, File.ReadAllText(tests).Replace("\"hooks.charge\", \"hooks.reserve\"", Undone, StringComparison.Ordinal));
    }

    /// <summary>All that the guide adds by and by, in the versions of this solution.</summary>
    private void AddPackages()
    {
        string[] names = [.. Package().Matches(File.ReadAllText(Repository.File(Guide))).Select(m => m.Groups[1].Value)];
        Assert.Equal(4, names.Length);
        string file = _consumer.File("Shop/Shop/Shop.csproj");
        string references = string.Concat(names.Select(name =>
            $"<PackageReference Include=\"{name}\" Version=\"{(name.StartsWith("Ryuso.", StringComparison.Ordinal) ? package.Version : Build.VersionOf(name))}\" />"));
        File.WriteAllText(file, File.ReadAllText(file).Replace("</Project>", $"<ItemGroup>{references}</ItemGroup></Project>", StringComparison.Ordinal));
    }

    private void Write(string path, string heading) => _consumer.Write("Shop/" + path, Block(heading, "csharp"));

    private static string Block(string heading, string language = "", int index = 0) => Readme.Block(Guide, heading, language, index);

    private static string Request(string heading, int index) => Regex.Match(Block(heading, "", index), "echo '(.*)' \\| nc 127.0.0.1 60856").Groups[1].Value;

    [GeneratedRegex("^dotnet add Shop package (\\S+)$", RegexOptions.Multiline)]
    private static partial Regex Package();
}
