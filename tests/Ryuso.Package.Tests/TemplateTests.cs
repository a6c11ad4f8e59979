using System.Text.Json.Nodes;
using Ryuso.TestKit;

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
        var template = new Template(package, _consumer);
        await template.CreateAsync(name, options);

        Command tested = await template.DotnetAsync(name, "test");
        Assert.Contains("succeeded: 7", tested.Output, StringComparison.Ordinal);

        await using ServerProcess server = await ServerProcess.StartAsync("sh", ["-c", $"cd '{_consumer.File(name)}' && exec '{name}/bin/Debug/net10.0/{name}'"]);
        Assert.Contains($": {specName} 1.0.0, programs buy, stock.", server.Log, StringComparison.Ordinal);
        JsonNode refused = JsonNode.Parse(await server.AskAsync("""{"program": "buy", "run_id": "one", "data_pool": {"item": "hat", "cents": 1200, "address": "nowhere"}}"""))!;
        Assert.Equal("""["hooks.charge","hooks.reserve"]""", refused["_rectified"]!.ToJsonString());
        Assert.Equal("""{"left":10}""", await server.AskAsync("""{"program": "stock", "data_pool": {"item": "hat"}}"""));
        Assert.Equal(0, await server.TerminateAsync());
        Assert.Equal(options.Contains("sqlite"), File.Exists(_consumer.File($"{name}/{name}.ryuso.db")));
        Assert.Equal(options.Contains("sqlite"), File.ReadAllText(_consumer.File($"{name}/README.md")).Contains("ryuso runs list", StringComparison.Ordinal));
    }
}
