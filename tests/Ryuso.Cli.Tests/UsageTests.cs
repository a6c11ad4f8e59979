namespace Ryuso.Cli.Tests;

/// <summary>The command line itself.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("chek", "ryuso: There is no command 'chek'. Did you mean 'check'?\n'ryuso --help' shows how it is used.\n")]
    [InlineData("", "ryuso: Required command was not provided.\n'ryuso --help' shows how it is used.\n")]
    [InlineData("check --formt json", "ryuso: There is no option '--formt'. Did you mean '--format'?\n'ryuso check --help' shows how it is used.\n")]
    [InlineData("check --format xml", "ryuso: Argument 'xml' not recognized. Must be one of:\n\t'text'\n\t'json'\n\t'sarif'\n\t'github'\n'ryuso check --help' shows how it is used.\n")]
    [InlineData("plan a b", "ryuso: Unrecognized command or argument 'b'.\n'ryuso plan --help' shows how it is used.\n")]
    public async Task Wrong_usage_ends_with_2_and_says_what_is_wrong(string line, string expected)
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, "", expected), (tool.ExitCode, tool.Output, tool.Error));
    }

    [Fact]
    public async Task Shells_can_ask_what_may_come_next()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "[suggest:13]", "ryuso plan wi");
        Assert.Equal("withdraw\n", tool.Output);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _ryuso_complete ryuso")]
    [InlineData("zsh", "compdef _ryuso_complete ryuso")]
    [InlineData("pwsh", "Register-ArgumentCompleter -Native -CommandName ryuso")]
    public async Task Each_shell_gets_a_script_that_asks(string shell, string line)
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "completion", shell);
        Assert.Contains(line, tool.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", tool.Output, StringComparison.Ordinal);
    }
}
