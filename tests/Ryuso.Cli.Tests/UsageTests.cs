using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>The command line itself.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("chek", "ryuso: There is no command 'chek'. Did you mean 'check'?\n'ryuso --help' shows how it is used.\n")]
    [InlineData("check --formt json", "ryuso: There is no option '--formt'. Did you mean '--format'?\n'ryuso check --help' shows how it is used.\n")]
    [InlineData("check --format xml", "ryuso: Argument 'xml' not recognized. Must be one of:\n\t'text'\n\t'json'\n\t'sarif'\n\t'github'\n'ryuso check --help' shows how it is used.\n")]
    [InlineData("plan a b", "ryuso: Unrecognized command or argument 'b'.\n'ryuso plan --help' shows how it is used.\n")]
    public async Task Wrong_usage_ends_with_2_and_says_what_is_wrong(string line, string expected)
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, "", expected), (tool.ExitCode, tool.Output, tool.Error));
    }

    [Theory]
    [InlineData("", " [command] [options]\n")]
    [InlineData("runs", " runs [command] [options]\n")]
    public async Task Command_that_only_has_commands_prints_its_help_when_alone(string line, string usage)
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((0, ""), (tool.ExitCode, tool.Error));
        Assert.Contains(usage, tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Argument_that_begins_with_an_at_sign_is_no_file_of_arguments()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("ann"), "--help", TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(folder.FullPath, "check", "@ann");
        Assert.Equal((2, "", "ryuso: There is no file '@ann'.\n"), (tool.ExitCode, tool.Output, tool.Error));
        Tool value = await Tool.RunAsync(folder.FullPath, "runs", "skip", "r1", "--reason", "@ann");
        Assert.Equal((2, "ryuso: There is no *.ryuso.db in this folder. Name the journal with --journal FILE.\n"), (value.ExitCode, value.Error));
    }

    [Theory]
    [InlineData("--by")]
    [InlineData("--nosuch")]
    public async Task Value_of_an_option_may_look_like_an_option(string value)
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync(folder.FullPath, "runs", "skip", "r1", "--reason", value);
        Assert.Equal((2, "ryuso: There is no *.ryuso.db in this folder. Name the journal with --journal FILE.\n"), (tool.ExitCode, tool.Error));
    }

    [Theory]
    [InlineData("nosuch", "2>/dev/full", 2)]
    [InlineData("check nosuch.json", "2>/dev/full", 2)]
    [InlineData("plan transfer", ">/dev/full", 6)]
    [InlineData("plan transfer --json", ">/dev/full", 6)]
    public async Task Stream_that_cannot_be_written_leaves_the_exit_code(string line, string redirection, int exitCode)
    {
        string shell = $"cd {Tool.Wallet}; exec dotnet {typeof(RyusoTool).Assembly.Location} {line} {redirection}";
        Command run = await Command.RunAsync("sh", ["-c", shell]);
        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public async Task Help_ends_in_a_terminal_of_two_columns()
    {
        await Command.SkipUnlessInstalledAsync("script");
        string shell = $"stty cols 2; dotnet {typeof(RyusoTool).Assembly.Location} --help";
        Command run = await Command.RunAsync("script", ["-qec", shell, "/dev/null"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("completion", run.Output, StringComparison.Ordinal);
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
