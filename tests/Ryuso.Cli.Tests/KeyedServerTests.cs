using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso lanes</c> and <c>describe</c> against a server whose programs have keys.</summary>
public sealed class KeyedServerTests : IAsyncLifetime
{
    private const string Spec = """
        { "name": "Bank",
          "programs": {
            "pay": { "key": "to", "hooks": ["move", "send"], "args": { "to": { "type": "string", "required": true } }, "outputs": {} },
            "audit": { "hooks": ["move"], "args": {}, "outputs": {} } },
          "hooks": { "move": { "reference": "bank.desk.move", "args": {}, "rectifiers": ["back"] }, "back": { "reference": "bank.desk.back", "args": {} }, "send": { "reference": "bank.desk.send", "args": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _entered = new(0);
    private readonly SpecOrchestrator _bank;
    private readonly RyusoServer _server;

    public KeyedServerTests()
    {
        _bank = SpecOrchestrator.Of(Spec, HookAsync);
        _server = new RyusoServer(_bank, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.StartAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _server.DisposeAsync();
        _folder.Dispose();
        _entered.Dispose();
    }

    [Fact]
    public async Task Lanes_shows_who_is_under_way_who_waits_and_what_a_stuck_run_keeps()
    {
        Task<ProgramResult> stuck = PayAsync("carol", "r1", fails: true);
        Assert.True((await stuck).Answer["_rectifier_fail"]!.GetValue<bool>());
        Task<ProgramResult> first = PayAsync("alice", "r2");
        await _entered.WaitAsync(Cancel);
        Task<ProgramResult> second = PayAsync("alice", "r3");
        Task<ProgramResult> beside = PayAsync("bob", "r4");
        await _entered.WaitAsync(Cancel);

        Tool tool = await AskAsync("lanes");
        Assert.Equal(0, tool.ExitCode);
        string[] lines = [.. tool.Output.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Equal("2 runs under way, 1 waiting, 3 keys in use", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("pay r2 ", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("pay r4 ", StringComparison.Ordinal) && line.EndsWith(" 0", StringComparison.Ordinal));
        Assert.Contains("alice 1 pay r2", lines);
        Assert.Contains("bob 0 pay r4", lines);
        Assert.Contains("carol 0 r1", lines);
        Assert.Equal(1, (int)(await AskAsync("lanes", "--json")).Json["waiting"]!);

        _gate.SetResult();
        Assert.All(await Task.WhenAll(first, second, beside), result => Assert.True(result.IsSuccess));
        Assert.StartsWith("0 runs under way, 0 waiting, 1 key in use\n", (await AskAsync("lanes")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_that_goes_alone_is_shown_as_such()
    {
        Task<ProgramResult> alone = _bank.RunAsync("audit", cancellationToken: Cancel);
        await _entered.WaitAsync(Cancel);
        Task<ProgramResult> behind = PayAsync("alice", "r1");
        string output = (await AskAsync("lanes")).Output;
        Assert.Contains("audit (alone)", output, StringComparison.Ordinal);
        Assert.StartsWith("1 run under way, 1 waiting, 1 key in use\n", output, StringComparison.Ordinal);
        _gate.SetResult();
        Assert.All(await Task.WhenAll(alone, behind), result => Assert.True(result.IsSuccess));
    }

    [Fact]
    public async Task Describe_shows_what_each_program_holds()
    {
        JsonNode described = (await AskAsync("describe", "--json")).Json;
        Assert.Equal("""["to"]""", Program(described, "pay")["key"]!.ToJsonString());
        Assert.Null(Program(described, "audit")["key"]);
    }

    private static JsonNode Program(JsonNode described, string name) => described["programs"] is JsonObject programs
        ? programs[name]!
        : described["programs"]!.AsArray().Single(program => (string?)program!["name"] == name)!;

    private Task<ProgramResult> PayAsync(string to, string runId, bool fails = false) =>
        _bank.RunAsync("pay", new JsonObject { ["to"] = to, ["fails"] = fails }, new CallOptions { RunId = runId }, Cancel);

    private Task<Tool> AskAsync(params string[] args) => Tool.RunAsync(_folder.FullPath, [.. args, "--server", _server.EndPoint.ToString()]);

    private async ValueTask<HookResult> HookAsync(string hook, DataPool pool, HookContext context)
    {
        if ((bool?)pool["fails"] == true)
        {
            return hook == "move" ? HookResult.Ok : HookResult.Fail($"The {hook} broke.");
        }

        if (hook != "move")
        {
            return HookResult.Ok;
        }

        _entered.Release();
        await _gate.Task;
        return HookResult.Ok;
    }
}
