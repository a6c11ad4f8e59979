using Ryuso.Server.Hosting;

namespace Ryuso.Tests.Server;

public class CommandLineTests
{
    [Fact]
    public void Command_line_wins_over_variables_in_both_forms()
    {
        CommandLine line = CommandLine.Parse(["--port", "0", "--host=::1"], name => name == "RYUSO_QUEUE" ? "7" : name == "RYUSO_PORT" ? "99" : null);
        var options = new RyusoServerOptions();
        line.ApplyTo(options);
        Assert.Null(line.Error);
        Assert.Equal(("::1", 0, 7), (options.Host, options.Port, options.MaxQueueLength));
    }

    [Theory]
    [InlineData("--prot", "'--port'")]
    [InlineData("--port", "needs a value")]
    [InlineData("--port=x", "whole number")]
    [InlineData("--queue=0", "from 1")]
    [InlineData("--help=1", "no value")]
    public void Wrong_option_is_explained(string argument, string part) =>
        Assert.Contains(part, CommandLine.Parse([argument], _ => null).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Wrong_option_exits_with_2() =>
        Assert.Equal(2, await RyusoServer.RunAsync(["--prot=1"], null, TestContext.Current.CancellationToken));
}
