using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator;

namespace Ryuso.Cli.Tests;

/// <summary>The compiler with the generator, in memory.</summary>
internal static class Compiler
{
    private static readonly MetadataReference[] s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || name is "Ryuso.dll" or "netstandard.dll" or "mscorlib.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>What the generator alone says about specs.</summary>
    public static ImmutableArray<Diagnostic> Generate(params string[] specs) => Run(specs, [], out _);

    /// <summary>What the generator and the compiler say about specs and code.</summary>
    public static ImmutableArray<Diagnostic> Compile(string spec, IEnumerable<string> code)
    {
        ImmutableArray<Diagnostic> generated = Run([spec], code, out Compilation compilation);
        return [.. generated, .. compilation.GetDiagnostics()];
    }

    private static ImmutableArray<Diagnostic> Run(string[] specs, IEnumerable<string> code, out Compilation compiled)
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        CSharpCompilation before = CSharpCompilation.Create(
            "Specs",
            code.Select(c => CSharpSyntaxTree.ParseText(c, options)),
            s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        GeneratorDriver driver = CSharpGeneratorDriver.Create([new RyusoGenerator().AsSourceGenerator()], [.. specs.Select(s => new SpecText(s))], options);
        driver.RunGeneratorsAndUpdateCompilation(before, out compiled, out ImmutableArray<Diagnostic> diagnostics, TestContext.Current.CancellationToken);
        return diagnostics;
    }

    private sealed class SpecText(string path) : AdditionalText
    {
        public override string Path { get; } = path;

        public override SourceText GetText(CancellationToken cancellationToken = default)
        {
            using FileStream stream = File.OpenRead(Path);
            return SourceText.From(stream);
        }
    }
}
