using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ryuso.Sqlite;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso runs</c> on the journal of a server that was really stuck.</summary>
public sealed class RunsTests : IDisposable
{
    private const string Shop = """
        { "name": "Shop",
          "programs": { "buy": { "hooks": ["reserve", "charge", "ship"], "args": {}, "outputs": {} } },
          "hooks": {
            "reserve": { "reference": "shop.desk.reserve", "args": {}, "rectifiers": ["release"] },
            "release": { "reference": "shop.desk.release", "args": {} },
            "charge": { "reference": "shop.desk.charge", "args": {}, "rectifiers": ["refund"] },
            "refund": { "reference": "shop.desk.refund", "args": {} },
            "ship": { "reference": "shop.desk.ship", "args": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _calls = [];
    private readonly HashSet<string> _failing = ["ship", "refund"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_stuck_run_is_listed_shown_and_reversed_once_it_is_retried()
    {
        await GetStuckAsync();
        Tool listed = await RunAsync("list");
        Assert.Contains("\n  The refund broke.\n  Before that, hooks.ship failed: The ship broke.\n1 run.\n", listed.Output, StringComparison.Ordinal);
        Tool shown = await RunAsync("show", "r1", "--json");
        Assert.Equal(("stuck", "hooks.ship failed: The ship broke."), ((string?)shown.Json["status"], (string?)shown.Json["cause"]));
        Assert.Contains("\n  Before that, hooks.ship failed: The ship broke.\n", (await RunAsync("show", "r1")).Output, StringComparison.Ordinal);
        Assert.Contains(shown.Json["events"]!.AsArray(), e => (string?)e!["kind"] == "compensation_started" && (string?)e["reference"] == "hooks.ship");

        Tool decided = await RunAsync("retry", "r1", "--by", "ann");
        Assert.Equal(0, decided.ExitCode);
        _calls.Clear();
        _failing.Remove("refund");
        await using (await StartAsync())
        {
            // The start ends when what was left unfinished has ended.
        }

        Assert.Equal(["refund", "release"], _calls);
        Assert.Equal("rectified", (string?)(await RunAsync("show", "r1", "--json")).Json["status"]);
        Assert.Contains("by ann", (await RunAsync("show", "r1")).Output, StringComparison.Ordinal);
        Assert.Equal("0 runs.\n", (await RunAsync("list")).Output);
    }

    [Theory]
    [InlineData("skip", "resolved_with_skips", "release")]
    [InlineData("abandon", "abandoned", "")]
    public async Task A_stuck_run_can_be_skipped_or_abandoned_with_a_reason(string verb, string status, string calls)
    {
        await GetStuckAsync();
        Tool without = await RunAsync(verb, "r1");
        Assert.Equal((2, "ryuso: Option '--reason' is required.\n"), (without.ExitCode, without.Error[..(without.Error.IndexOf('\n', StringComparison.Ordinal) + 1)]));
        Assert.Equal(0, (await RunAsync(verb, "r1", "--reason", "done by hand")).ExitCode);
        _calls.Clear();
        await using (await StartAsync())
        {
            // The start ends when what was left unfinished has ended.
        }

        Assert.Equal(calls, string.Join(' ', _calls));
        Tool shown = await RunAsync("show", "r1");
        Assert.Contains($"  buy  {status}  ", shown.Output, StringComparison.Ordinal);
        Assert.Contains("done by hand", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_stuck_and_what_is_not_there_is_told()
    {
        Tool noJournal = await Tool.RunAsync(_folder.FullPath, "runs", "list");
        Assert.Equal((2, "ryuso: There is no *.ryuso.db in this folder. Name the journal with --journal FILE.\n"), (noJournal.ExitCode, noJournal.Error));
        _failing.Clear();
        await GetStuckAsync();
        Assert.Equal((2, "ryuso: There is no run 'r2' in the journal.\n"), Told(await RunAsync("retry", "r2")));
        Assert.Equal((2, "ryuso: The run 'r1' is not stuck but Succeeded; there is nothing to decide.\n"), Told(await RunAsync("retry", "r1")));
    }

    [Fact]
    public async Task Shown_run_has_the_numbers_of_the_plan_the_values_of_the_pool_and_its_status()
    {
        await GetStuckAsync();
        Tool shown = await RunAsync("show", "r1");
        string[] lines = [.. shown.Output.Split('\n').Select(l => Regex.Replace(l, @"^\+[0-9.]+ s  ", "").TrimEnd())];
        Assert.Contains("step_completed        step 1    hooks.reserve", lines);
        Assert.Contains("step_completed        step 2    hooks.charge", lines);
        Assert.Contains(lines, l => l.StartsWith("compensation_started  step 3    hooks.ship  The ship broke.", StringComparison.Ordinal));
        Assert.Contains("step_started          undoes 2  hooks.refund", lines);
        Assert.Contains(lines, l => l.EndsWith("seats = 3", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("run_finished", StringComparison.Ordinal) && l.Contains("  stuck  ", StringComparison.Ordinal));
        Assert.DoesNotContain("unfinished", shown.Output, StringComparison.Ordinal);
        Tool json = await RunAsync("show", "r1", "--json");
        Assert.Equal(
            [("hooks.reserve", 1), ("hooks.charge", 2), ("hooks.ship", 3)],
            json.Json["events"]!.AsArray().Where(e => (string?)e!["kind"] is "step_completed" or "compensation_started")
                .Select(e => ((string?)e!["reference"], (int?)e["step_number"] ?? 0)));
    }

    [Fact]
    public async Task Shown_run_says_of_each_step_of_its_plan_where_it_stands()
    {
        await GetStuckAsync();
        string[] lines = [.. (await RunAsync("show", "r1")).Output.Split('\n').Select(l => l.TrimEnd())];
        Assert.Contains("1  hooks.reserve  ran     still to be undone: hooks.release", lines);
        Assert.Contains("2  hooks.charge   ran     still to be undone: hooks.refund (failed: The refund", lines);
        Assert.Contains("3  hooks.ship     failed  The ship broke.", lines);
        JsonArray steps = (await RunAsync("show", "r1", "--json")).Json["steps"]!.AsArray();
        Assert.Equal(
            [(1, "ran", "pending", "pending"), (2, "ran", "pending", "failed"), (3, "failed", null, null)],
            steps.Select(s => ((int)s!["step"]!, (string?)s["progress"], (string?)s["rectification"], (string?)s["rectifiers"]!.AsArray().FirstOrDefault()?["progress"])));
        Assert.Equal(0, (await RunAsync("abandon", "r1", "--reason", "agreed")).ExitCode);
        Assert.Contains("1  hooks.reserve  ran     never undone: hooks.release\n", (await RunAsync("show", "r1")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_of_all_decides_every_stuck_run()
    {
        await GetStuckAsync("r1", "r2", "r3");
        Assert.Equal((2, "ryuso: Name one run, or write --all for every stuck run.\n"), Told(await RunAsync("retry")));
        Assert.Equal((2, "ryuso: Name one run, or write --all for every stuck run.\n"), Told(await RunAsync("retry", "r1", "--all")));
        Assert.StartsWith("Recorded: retry 3 runs. ", (await RunAsync("retry", "--all", "--by", "ann")).Output, StringComparison.Ordinal);
        _failing.Remove("refund");
        await using (await StartAsync())
        {
            // The start ends when what was left unfinished has ended.
        }

        Assert.Equal("0 runs.\n", (await RunAsync("list")).Output);
        Assert.Equal("No run is stuck.\n", (await RunAsync("retry", "--all")).Output);
        Tool json = await RunAsync("list", "--status", "rectified", "--json");
        Assert.Equal(["r1", "r2", "r3"], json.Json.AsArray().Select(r => (string?)r!["run_id"]).Order());
    }

    [Fact]
    public async Task Run_ids_are_completed_from_the_journal()
    {
        await GetStuckAsync("r1", "r2");
        foreach (string verb in new[] { "show", "retry", "skip" })
        {
            string line = $"ryuso runs {verb} r";
            Tool tool = await Tool.RunAsync(_folder.FullPath, $"[suggest:{line.Length}]", line);
            Assert.Equal(["r1", "r2"], tool.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] == 'r').Order());
        }
    }

    private static (int ExitCode, string Error) Told(Tool tool) => (tool.ExitCode, tool.Error);

    private Task<Tool> RunAsync(params string[] args) => Tool.RunAsync(_folder.FullPath, ["runs", .. args, "--journal", "shop.ryuso.db"]);

    private async Task GetStuckAsync(params string[] runs)
    {
        await using RyusoServer server = await StartAsync();
        foreach (string run in runs is [] ? ["r1"] : runs)
        {
            await RunAsync(server, run);
        }
    }

    private async Task RunAsync(RyusoServer server, string run)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($$"""{"program": "buy", "run_id": "{{run}}"}"""), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var answer = (JsonObject)JsonNode.Parse(await reader.ReadToEndAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(_failing.Count > 0, (bool?)answer["_rectifier_fail"] ?? false);
    }

    private async Task<RyusoServer> StartAsync()
    {
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(Shop, (hook, pool) =>
        {
            _calls.Add(hook);
            if (hook == "reserve")
            {
                pool["seats"] = 3;
            }

            return _failing.Contains(hook) ? HookResult.Fail($"The {hook} broke.") : HookResult.Ok;
        });
        var server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, Journal = new SqliteJournal(_folder.File("shop.ryuso.db")) });
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
