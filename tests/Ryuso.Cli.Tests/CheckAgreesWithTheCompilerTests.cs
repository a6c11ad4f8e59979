using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Ryuso.Cli.Check;
using Ryuso.Spec.Text;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>What <c>ryuso check</c> says without a build is what a build says.</summary>
public sealed class CheckAgreesWithTheCompilerTests
{
    private static readonly string s_corpus = Repository.File("tests/Ryuso.Spec.Tests/Corpus");

    public static TheoryData<string> Specs =>
        [.. Directory.GetFiles(s_corpus, "*.ryu.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(s_corpus, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task The_tool_and_the_generator_say_the_same_of_every_spec_of_the_corpus(string name)
    {
        string file = Path.Combine(s_corpus, name);
        List<Diagnostic> compiler = [.. AboutSpecs(Compiler.Generate(file))];
        Tool tool = await Tool.RunAsync(s_corpus, "check", file, "--json");

        Assert.Equal(compiler.Select(d => Describe(d, file)), tool.Json["problems"]!.AsArray().Select(p => Describe(p!)));
        Assert.Equal(compiler.Any(d => d.Severity == DiagnosticSeverity.Error) ? 1 : 0, tool.ExitCode);
        Assert.All(compiler, d => Assert.Equal(d.Descriptor.Title.ToString(CultureInfo.InvariantCulture), ProblemTitles.Of(d.Id)));
    }

    [Fact]
    public async Task Two_specs_of_one_name_in_one_project_are_told_as_the_generator_tells_them()
    {
        using var folder = new TemporaryFolder();
        string[] files = [folder.File("a.ryu.json"), folder.File("b.ryu.json")];
        await File.WriteAllTextAsync(folder.File("Shop.csproj"), "<Project />", TestContext.Current.CancellationToken);
        foreach (string file in files)
        {
            File.Copy(Path.Combine(s_corpus, "good/smallest.ryu.json"), file);
        }

        Diagnostic compiler = Assert.Single(AboutSpecs(Compiler.Generate(files)), d => d.Id == "RYU113");
        Tool tool = await Tool.RunAsync(folder.FullPath, "check", "--json");

        JsonNode said = Assert.Single(tool.Json["problems"]!.AsArray(), p => (string?)p!["code"] == "RYU113")!;
        Assert.Equal(compiler.GetMessage(CultureInfo.InvariantCulture), (string?)said["message"]);
        Assert.Equal("b.ryu.json", (string?)said["file"]);
        Assert.Equal(ProblemTitles.Of("RYU113"), compiler.Descriptor.Title.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Not what it says about C#, of which there is none here.</summary>
    private static IEnumerable<Diagnostic> AboutSpecs(IEnumerable<Diagnostic> diagnostics) =>
        diagnostics.Where(d => !d.Id.StartsWith("RYU2", StringComparison.Ordinal));

    private static string Describe(Diagnostic diagnostic, string file)
    {
        FileLinePositionSpan span = diagnostic.Location.GetLineSpan();
        string related = string.Concat(diagnostic.AdditionalLocations.Select(l => $" see {Place(l.GetLineSpan())}"));
        string suffix = $" [{Path.GetFileName(file)}]";
        string message = diagnostic.GetMessage(CultureInfo.InvariantCulture);
        Assert.EndsWith(suffix, message, StringComparison.Ordinal);
        return $"{Place(span)} {diagnostic.Severity.ToString().ToUpperInvariant()} {diagnostic.Id} {message[..^suffix.Length]}{related}";
    }

    private static string Describe(JsonNode problem)
    {
        string related = string.Concat((problem["related"]?.AsArray() ?? []).Select(r => $" see {Place(r!)}"));
        return $"{Place(problem)} {((string)problem["severity"]!).ToUpperInvariant()} {problem["code"]} {problem["message"]}{related}";
    }

    private static string Place(FileLinePositionSpan span) =>
        $"{span.StartLinePosition.Line + 1}:{span.StartLinePosition.Character + 1}-{span.EndLinePosition.Line + 1}:{span.EndLinePosition.Character + 1}";

    private static string Place(JsonNode at) => $"{at["line"]}:{at["column"]}-{at["end_line"]}:{at["end_column"]}";
}
