using Microsoft.CodeAnalysis;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso stubs</c>.</summary>
public sealed class StubsTests : IDisposable
{
    private const string Spec = """
        { "name": "Shop",
          "programs": { "p": { "hooks": ["a", "b", "c", "d", "e"], "args": {}, "outputs": {} } },
          "hooks": {
            "a": { "reference": "shop.desk.a", "args": { "x": { "type": "int", "required": false } }, "description": "Sells\u001b[2J a hat" },
            "b": { "reference": "shop.DESK.b", "args": {}, "outputs": { "y": { "type": "int", "required": true } } },
            "c": { "reference": "shop.HookResult.c", "args": {} },
            "d": { "reference": "shop.system.d", "args": {} },
            "e": { "reference": "shop.not_implemented_exception.e", "args": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();

    public StubsTests() => File.WriteAllText(_folder.File("ryu_spec.json"), Spec);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stubs_of_the_named_hooks_are_printed()
    {
        Tool tool = await Tool.RunAsync(_folder.FullPath, "stubs", "a", "hooks.b");
        Assert.Equal(
            """
            // Desk.cs
            using System;
            using Ryuso;

            namespace Shop;

            public sealed partial class Desk
            {
                // shop.desk.a. Sells\u001b[2J a hat
                public partial global::Ryuso.HookResult A(AArgs args, ShopPool pool) =>
                    throw new global::System.NotImplementedException("shop.desk.a is not written yet.");
            }

            // DESK.2.cs
            using System;
            using Ryuso;

            namespace Shop;

            public sealed partial class DESK
            {
                // shop.DESK.b
                public partial BOutputs B(BArgs args, ShopPool pool) =>
                    throw new global::System.NotImplementedException("shop.DESK.b is not written yet.");
            }

            """,
            tool.Output);
        Tool unknown = await Tool.RunAsync(_folder.FullPath, "stubs", "aa");
        Assert.Equal((2, "ryuso: There is no hook 'aa'. Did you mean 'a'?\n"), (unknown.ExitCode, unknown.Error));
    }

    [Fact]
    public async Task Stubs_compile_whatever_the_classes_are_called()
    {
        Tool tool = await Tool.RunAsync(_folder.FullPath, "stubs", "--output", "src");
        Assert.Equal("wrote src/Desk.cs: A\nwrote src/DESK.2.cs: B\nwrote src/HookResult.cs: C\nwrote src/System.cs: D\nwrote src/NotImplementedException.cs: E\n", tool.Output);
        string[] files = Directory.GetFiles(_folder.File("src"));
        Assert.Equal("", string.Join('\n', Compiler.Compile(_folder.File("ryu_spec.json"), files.Select(File.ReadAllText)).Where(d => d.Severity == DiagnosticSeverity.Error)));
    }

    [Theory]
    [InlineData("stubs", "--output", "src")]
    [InlineData("import-python", "ryu_spec.json", "--output", "src")]
    public async Task Dry_run_says_what_it_would_write_and_writes_nothing(params string[] args)
    {
        Tool tool = await Tool.RunAsync(_folder.FullPath, [.. args, "--dry-run"]);
        Assert.Equal(0, tool.ExitCode);
        Assert.Contains("would write src/Desk.cs: A\n", tool.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("src")));
    }

    [Fact]
    public async Task File_that_exists_is_kept_unless_forced()
    {
        await Tool.RunAsync(_folder.FullPath, "stubs", "--output", "src");
        await File.WriteAllTextAsync(_folder.File("src/Desk.cs"), "mine", TestContext.Current.CancellationToken);
        Tool kept = await Tool.RunAsync(_folder.FullPath, "stubs", "a", "--output", "src");
        Assert.Equal("kept  src/Desk.cs: A\n", kept.Output);
        Assert.Equal("mine", await File.ReadAllTextAsync(_folder.File("src/Desk.cs"), TestContext.Current.CancellationToken));
        Tool forced = await Tool.RunAsync(_folder.FullPath, "stubs", "a", "--output", "src", "--force");
        Assert.Equal("wrote src/Desk.cs: A\n", forced.Output);
    }

    [Fact]
    public async Task Spec_with_errors_has_no_stubs()
    {
        await File.WriteAllTextAsync(_folder.File("ryu_spec.json"), Spec.Replace("\"a\", \"b\"", "\"nosuch\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "stubs");
        Assert.Equal((1, ""), (tool.ExitCode, tool.Output));
        Assert.StartsWith("ryu_spec.json(2,", tool.Error, StringComparison.Ordinal);
    }
}
