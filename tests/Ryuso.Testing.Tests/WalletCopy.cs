using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator;
using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>The sample wallet and its tests, compiled in memory from their sources, in which something may be replaced.</summary>
internal sealed class WalletCopy
{
    private const string Spec = "samples/Wallet/ryu_spec.json";

    private static readonly string[] s_paths =
    [
        .. Directory.EnumerateFiles(Repository.File("samples/Wallet"), "*.cs").Concat(Directory.EnumerateFiles(Repository.File("samples/Wallet/Hooks")))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Where(path => Path.GetFileName(path) != "Program.cs"),
        "tests/Ryuso.Samples.Tests/FaultyGateway.cs",
        "tests/Ryuso.Samples.Tests/WalletTests.cs",
        Spec,
    ];

    /// <summary>Read once for all copies.</summary>
    private static readonly MetadataReference[] s_references = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    private readonly Dictionary<string, string> _files = s_paths.ToDictionary(path => path, path => File.ReadAllText(Repository.File(path)));

    /// <summary>Replaces a text that stands exactly once in one of the files.</summary>
    public WalletCopy With(string old, string replacement)
    {
        (string path, string text) = Assert.Single(_files, file => file.Value.Contains(old, StringComparison.Ordinal));
        Assert.True(text.IndexOf(old, StringComparison.Ordinal) == text.LastIndexOf(old, StringComparison.Ordinal), $"{path} has more than one:\n{old}");
        _files[path] = text.Replace(old, replacement, StringComparison.Ordinal);
        return this;
    }

    public WalletCopy Add(string path, string text)
    {
        _files[path] = text;
        return this;
    }

    public Assembly Compile()
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        const string Usings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using Xunit;";
        CSharpCompilation compilation = CSharpCompilation.Create(
            "WalletCopy",
            [.. _files.Where(f => f.Key != Spec).Select(f => CSharpSyntaxTree.ParseText(f.Value, options, f.Key)), CSharpSyntaxTree.ParseText(Usings, options)],
            s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new RyusoGenerator().AsSourceGenerator()], [new SpecFile(_files[Spec])], options)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out var diagnostics, TestContext.Current.CancellationToken);
        using var image = new MemoryStream();
        var emitted = output.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(diagnostics.Concat(emitted.Diagnostics).Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()));
        image.Position = 0;
        return new AssemblyLoadContext("WalletCopy", isCollectible: true).LoadFromStream(image);
    }

    private sealed class SpecFile(string text) : AdditionalText
    {
        public override string Path => "ryu_spec.json";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
