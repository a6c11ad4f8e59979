using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso check</c> as scripts and people use it.</summary>
public sealed class CheckTests : IDisposable
{
    private const string Wrong = """
        { "name": "T",
          "programs": { "p": { "hooks": ["hooks.a%b"], "args": {}, "outputs": {} } },
          "hooks": {} }
        """;

    private const string Suspicious = """
        { "name": "T",
          "programs": { "p": { "hooks": ["hooks.a"], "args": {}, "outputs": {}, "when_stuck": "hold" } },
          "hooks": { "a": { "reference": "t.a", "args": {}, "outputs": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_clean_spec_ends_with_0()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "check");
        Assert.Equal((0, "1 spec checked: 0 errors, 0 warnings.\n", ""), (tool.ExitCode, tool.Output, tool.Error));
    }

    [Fact]
    public async Task An_error_is_printed_as_compilers_do_and_ends_with_1()
    {
        Write("deep/er/ryu_spec.json", Wrong);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check");
        Assert.Equal(1, tool.ExitCode);
        Assert.StartsWith("deep/er/ryu_spec.json(2,34): error RYU105: programs.p.hooks[0]: ", tool.Output, StringComparison.Ordinal);
        Assert.EndsWith("1 spec checked: 1 error, 0 warnings.\n", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warnings_are_errors_only_when_asked_for()
    {
        Write("ryu_spec.json", Suspicious);
        Tool mild = await Tool.RunAsync(_folder.FullPath, "check");
        Tool strict = await Tool.RunAsync(_folder.FullPath, "check", "--warnaserror");
        Assert.Equal(0, mild.ExitCode);
        Assert.Contains(": warning RYU128: ", mild.Output, StringComparison.Ordinal);
        Assert.Equal(1, strict.ExitCode);
        Assert.Contains(": error RYU128: ", strict.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_builds_leave_behind_is_not_looked_at()
    {
        Write("ryu_spec.json", Suspicious);
        Write("bin/ryu_spec.json", Wrong);
        Write("obj/x.ryu.json", Wrong);
        Write(".git/x.ryu.json", Wrong);
        Write("other.json", Wrong);
        Assert.Equal(0, (await Tool.RunAsync(_folder.FullPath, "check")).ExitCode);
    }

    [Fact]
    public async Task A_folder_without_specs_and_a_file_that_is_not_there_are_wrong_usage()
    {
        Tool nothing = await Tool.RunAsync(_folder.FullPath, "check");
        Tool absent = await Tool.RunAsync(_folder.FullPath, "check", "gone.json");
        Assert.Equal((2, "ryuso: There is no ryu_spec.json and no *.ryu.json in this folder or below it. Name the spec.\n"), (nothing.ExitCode, nothing.Error));
        Assert.Equal((2, "ryuso: There is no file 'gone.json'.\n"), (absent.ExitCode, absent.Error));
    }

    [Fact]
    public async Task GitHub_gets_workflow_commands_with_its_escapes()
    {
        Write("a,b.ryu.json", Wrong);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check", "--format", "github");
        Assert.StartsWith("::error file=a%2Cb.ryu.json,line=2,endLine=2,col=34,endColumn=45,title=RYU105::", tool.Output, StringComparison.Ordinal);
        Assert.Contains("hooks.a%25b", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_scanning_gets_sarif_with_rules_and_regions()
    {
        Write("ryu_spec.json", Wrong);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "check", "--format", "sarif");
        JsonNode run = tool.Json["runs"]![0]!;
        JsonNode result = Assert.Single(run["results"]!.AsArray())!;
        Assert.Equal("2.1.0", (string?)tool.Json["version"]);
        Assert.Equal("RYU105", (string?)run["tool"]!["driver"]!["rules"]![(int)result["ruleIndex"]!]!["id"]);
        Assert.Equal("error", (string?)result["level"]);
        Assert.Equal("ryu_spec.json", (string?)result["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]);
        Assert.Equal(34, (int)result["locations"]![0]!["physicalLocation"]!["region"]!["startColumn"]!);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(path))!);
        File.WriteAllText(_folder.File(path), text);
    }
}
