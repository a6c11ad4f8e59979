using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>What a new user learns from and begins with: the samples, the guide and the template.</summary>
public sealed class FirstStepsTests
{
    private const string Template = "src/Ryuso.Templates/content/ryuso";

    [Theory]
    [InlineData("samples/Wallet/ryu_spec.json")]
    [InlineData("samples/Watched/ryu_spec.json")]
    [InlineData(Template + "/Ryuso-App/ryu_spec.json")]
    public void Every_hook_of_a_sample_declares_its_outputs_so_that_the_flow_is_checked(string spec) =>
        AllDeclareOutputs(JsonNode.Parse(File.ReadAllText(Repository.File(spec)))!["hooks"]!);

    [Fact]
    public void Every_hook_of_the_guide_declares_its_outputs_so_that_the_flow_is_checked()
    {
        string[] blocks = File.ReadAllText(Repository.File("samples/README.md")).Split("```json\n").Skip(1).Select(b => b.Split("```")[0]).ToArray();
        JsonNode hooks = blocks.Select(b => JsonNode.Parse(b)!).Single(b => b["wrap"] is not null);
        AllDeclareOutputs(hooks);
    }

    [Fact]
    public async Task An_argument_that_nothing_provides_is_an_error_in_the_template()
    {
        using var folder = new TemporaryFolder();
        string spec = await File.ReadAllTextAsync(Repository.File(Template + "/Ryuso-App/ryu_spec.json"), TestContext.Current.CancellationToken);
        string mistyped = spec.Replace("\"args\": { \"address\"", "\"args\": { \"adress\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File("ryu_spec.json"), mistyped, TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(folder.FullPath, "check");
        Assert.Equal(1, tool.ExitCode);
        Assert.Contains(": error RYU120: hooks.deliver.args.adress: ", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_sets_no_variable_over_that_of_its_user() =>
        Assert.Empty(Directory.GetFiles(Repository.File(Template), "launchSettings.json", SearchOption.AllDirectories));

    [Fact]
    public void The_template_keeps_a_journal_and_the_files_beside_it_out_of_git() =>
        Assert.Equal(["*.db", "*.db-*"], File.ReadAllLines(Repository.File(Template + "/.gitignore")).Where(l => l.StartsWith("*.db", StringComparison.Ordinal)));

    private static void AllDeclareOutputs(JsonNode hooks) =>
        Assert.Equal([], hooks.AsObject().Where(h => h.Value!["outputs"] is null).Select(h => h.Key));
}
