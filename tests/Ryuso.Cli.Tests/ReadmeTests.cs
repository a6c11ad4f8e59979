using System.CommandLine;
using Ryuso.Cli.Output;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>The tool's README, held to the tool.</summary>
public sealed class ReadmeTests
{
    private static readonly string s_readme = File.ReadAllText(Repository.File("src/Ryuso.Cli/README.md")).ReplaceLineEndings("\n");

    [Fact]
    public void Every_command_stands_in_the_table()
    {
        using var nowhere = new StringWriter();
        RootCommand root = RyusoTool.Create(new Terminal(TextReader.Null, nowhere, nowhere, Repository.Root));
        Assert.All(root.Subcommands, command => Assert.Contains($"\n| `ryuso {command.Name}", s_readme, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_plan_that_it_shows_is_what_the_tool_prints()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "transfer");
        Assert.Contains("$ ryuso plan transfer\n" + tool.Output + "```", s_readme, StringComparison.Ordinal);
    }
}
