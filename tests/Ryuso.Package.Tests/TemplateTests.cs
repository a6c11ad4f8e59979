using System.Text.Json.Nodes;
using Ryuso.Tests.Shared;

namespace Ryuso.Package.Tests;

/// <summary><c>dotnet new ryuso</c> as a new user does it: install, create, test, run, ask.</summary>
public sealed class TemplateTests(PackedRyuso package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Theory]
    [InlineData("Shop", "Shop")]
    [InlineData("acme.order-desk", "Acmeorderdesk", "--journal", "sqlite")]
    public async Task What_is_created_builds_and_passes_its_tests_and_serves(string name, string specName, params string[] options)
    {
        UseFeed();
        await DotnetAsync("", "new", "install", _consumer.File($"feed/Ryuso.Templates.{package.Version}.nupkg"), "--debug:custom-hive", _consumer.File("hive"));
        await DotnetAsync("", ["new", "ryuso", "-n", name, .. options, "--debug:custom-hive", _consumer.File("hive")]);

        Command tested = await DotnetAsync(name, "test");
        Assert.Contains("succeeded: 6", tested.Output, StringComparison.Ordinal);

        await using ServerProcess server = await ServerProcess.StartAsync("sh", ["-c", $"cd '{_consumer.File(name)}' && exec '{name}/bin/Debug/net10.0/{name}'"]);
        Assert.Contains($": {specName} 1.0.0, programs buy, stock.", server.Log, StringComparison.Ordinal);
        JsonNode refused = JsonNode.Parse(await server.AskAsync("""{"program": "buy", "run_id": "one", "data_pool": {"item": "hat", "cents": 1200, "address": "nowhere"}}"""))!;
        Assert.Equal("""["hooks.charge","hooks.reserve"]""", refused["_rectified"]!.ToJsonString());
        Assert.Equal("""{"left":10}""", await server.AskAsync("""{"program": "stock", "data_pool": {"item": "hat"}}"""));
        Assert.Equal(0, await server.TerminateAsync());
        Assert.Equal(options.Contains("sqlite"), File.Exists(_consumer.File($"{name}/{name}.ryuso.db")));
        Assert.Equal(options.Contains("sqlite"), File.ReadAllText(_consumer.File($"{name}/README.md")).Contains("ryuso runs list", StringComparison.Ordinal));
    }

    private void UseFeed()
    {
        foreach (string nupkg in Directory.EnumerateFiles(package.Feed, "*.nupkg"))
        {
            _consumer.Copy(nupkg, $"feed/{Path.GetFileName(nupkg)}");
        }

        _consumer.Write("nuget.config", """
            <configuration>
              <packageSources><clear /><add key="packed" value="feed" /><add key="nuget.org" value="https://api.nuget.org/v3/index.json" /></packageSources>
              <packageSourceMapping>
                <packageSource key="packed"><package pattern="Ryuso" /><package pattern="Ryuso.*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
    }

    /// <summary>In a folder, as the README's commands are.</summary>
    private async Task<Command> DotnetAsync(string folder, params string[] args)
    {
        string line = string.Join(' ', args.Prepend("dotnet").Select(a => $"'{a}'"));
        Command done = await Command.RunAsync("sh", ["-c", $"cd '{_consumer.File(folder)}' && {line}"], new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" }, seconds: 480);
        Assert.True(done.ExitCode == 0, done.Output + done.Error);
        return done;
    }
}
