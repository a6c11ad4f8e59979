using System.Text.RegularExpressions;
using Ryuso.TestKit;

namespace Ryuso.Tests;

/// <summary>What the maps of the source name is there.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData("src/README.md", "src", "src/Ryuso", "src/Ryuso.Spec", "src/Ryuso.Generator", "src/Ryuso/Orchestration")]
    [InlineData(".github/CONTRIBUTING.md")]
    public void Map_names_only_files_and_folders_that_exist(string map, params string[] bases)
    {
        string text = File.ReadAllText(Repository.File(map));
        string[] named = [.. Path().Matches(text).Select(match => match.Groups[1].Value).Where(path => IsPath().IsMatch(path)).Distinct()];
        Assert.True(named.Length > 10);
        var sources = Directory.EnumerateFiles(Repository.File("src"), "*.cs", SearchOption.AllDirectories).Select(System.IO.Path.GetFileName).ToHashSet();
        Assert.DoesNotContain(named, path =>
            !bases.Append(".").Append(System.IO.Path.GetDirectoryName(map)!).Any(folder => System.IO.Path.Exists(Repository.File(System.IO.Path.Combine(folder, path))))
            && !sources.Contains(path));
    }

    [Fact]
    public void Every_folder_of_the_runtime_is_on_the_map()
    {
        string text = File.ReadAllText(Repository.File("src/README.md"));
        string runtime = Repository.File("src/Ryuso");
        string[] layers = [.. Directory.EnumerateFiles(runtime, "*.cs", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(runtime, System.IO.Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Where(folder => !folder.StartsWith("obj", StringComparison.Ordinal) && !folder.StartsWith("bin", StringComparison.Ordinal) && folder != "Server")
            .Distinct()];
        Assert.DoesNotContain(layers, layer => !text.Contains($"| `{layer}/` |", StringComparison.Ordinal));
    }

    // In backticks, or the target of a link.
    [GeneratedRegex(@"(?:`|\]\()([\w./-]+)(?:`|\))")]
    private static partial Regex Path();

    // Ends like a file, or has a slash; names of types and of options have neither.
    [GeneratedRegex(@"\.(cs|md|json|txt)$|^\.?\w[\w.-]*/|/$|^\.\./")]
    private static partial Regex IsPath();
}
