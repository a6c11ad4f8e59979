using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>Where the tool finds specs, and what it does with files that are none.</summary>
public sealed class SpecSearchTests : IDisposable
{
    private const string Spec = """{ "name": "Shop", "programs": {}, "hooks": {} }""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pipe_that_is_named_like_a_spec_is_read_as_empty()
    {
        Assert.Equal(0, (await Command.RunAsync("mkfifo", [_folder.File("y.ryu.json")])).ExitCode);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check");
        Assert.Equal(1, tool.ExitCode);
        Assert.StartsWith("y.ryu.json(1,1): error RYU001: ", tool.Output, StringComparison.Ordinal);
        Tool device = await Tool.RunAsync(_folder.FullPath, "check", "/dev/zero");
        Assert.Equal(1, device.ExitCode);
    }

    [Fact]
    public async Task Link_to_a_spec_is_read()
    {
        Directory.CreateDirectory(_folder.File("hidden.folder"));
        await File.WriteAllTextAsync(_folder.File("hidden.folder/own.json"), Spec, TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(_folder.File("a.ryu.json"), "hidden.folder/own.json");
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check");
        Assert.Equal((0, "1 spec checked: 0 errors, 0 warnings.\n"), (tool.ExitCode, tool.Output));
    }

    [Fact]
    public async Task Published_copy_of_a_spec_is_no_second_spec()
    {
        Directory.CreateDirectory(_folder.File("out"));
        foreach (string file in new[] { "ryu_spec.json", "Shop.deps.json", "out/ryu_spec.json", "out/Shop.deps.json" })
        {
            await File.WriteAllTextAsync(_folder.File(file), Spec, TestContext.Current.CancellationToken);
        }

        Tool tool = await Tool.RunAsync(_folder.FullPath, "check");
        Assert.Equal((0, "1 spec checked: 0 errors, 0 warnings.\n"), (tool.ExitCode, tool.Output));
    }

    [Fact]
    public async Task Folder_that_cannot_be_read_is_passed_over()
    {
        Directory.CreateDirectory(_folder.File("closed"));
        await File.WriteAllTextAsync(_folder.File("a.ryu.json"), Spec, TestContext.Current.CancellationToken);
        string[] prepare = ["chmod 755 .", "chmod 0 closed", $"cd {_folder.FullPath}"];
        string tool = $"dotnet {typeof(RyusoTool).Assembly.Location} check";
        string user = Environment.IsPrivilegedProcess ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
        Command run = await Command.RunAsync("sh", ["-c", $"cd {_folder.FullPath}; {string.Join("; ", prepare)}; {user}{tool}"]);
        Assert.Equal((0, "1 spec checked: 0 errors, 0 warnings.\n", ""), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Spec_that_is_not_UTF8_is_named_with_its_first_wrong_byte()
    {
        await File.WriteAllBytesAsync(_folder.File("a.ryu.json"), [.. """{ "name": "Caf"""u8, 0xe9, .. "\" }"u8], TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check");
        Assert.Equal((2, ""), (tool.ExitCode, tool.Output));
        Assert.Contains("a.ryu.json' is not UTF-8: the byte at 14 begins no character.", tool.Error, StringComparison.Ordinal);
    }
}
