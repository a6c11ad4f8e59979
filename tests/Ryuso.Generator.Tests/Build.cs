using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Ryuso.Generator.Tests;

/// <summary>A project in memory: sources, specs and options in, diagnostics and generated files out.</summary>
internal sealed record Build
{
    private static readonly ImmutableArray<MetadataReference> s_references = [..
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path) is var file
            && (file.StartsWith("System.", StringComparison.Ordinal) || file.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || file is "Ryuso.dll" or "netstandard.dll" or "mscorlib.dll"))
        .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Every project begins as this one, so that the references are read once.</summary>
    private static readonly CSharpCompilation s_empty = CSharpCompilation.Create(
        "Project", references: s_references, options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, warningLevel: 9999));

    public ImmutableArray<(string Path, string Text)> Sources { get; init; } = [];

    public ImmutableArray<(string Path, string Text)> Specs { get; init; } = [];

    public LanguageVersion Language { get; init; } = LanguageVersion.Latest;

    public NullableContextOptions Nullable { get; init; } = NullableContextOptions.Enable;

    public DocumentationMode Documentation { get; init; } = DocumentationMode.Diagnose;

    public ImmutableDictionary<string, string> Properties { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Files whose item metadata says <c>RyusoSpec="true"</c>.</summary>
    public ImmutableArray<string> Marked { get; init; } = [];

    public static Build Of(string spec, params string[] sources) => new()
    {
        Specs = [("ryu_spec.json", spec)],
        Sources = [.. sources.Select((text, i) => ($"File{i}.cs", text))],
    };

    public CSharpParseOptions ParseOptions => new(Language, Documentation);

    public CSharpCompilation Compilation => s_empty
        .WithOptions(s_empty.Options.WithNullableContextOptions(Nullable))
        .AddSyntaxTrees([.. Sources.Select(s => CSharpSyntaxTree.ParseText(s.Text, ParseOptions, s.Path))]); // An array: the compilation looks at them twice.

    public ImmutableArray<AdditionalText> Texts => [.. Specs.Select(s => new SpecText(s.Path, s.Text))];

    public AnalyzerConfigOptionsProvider Options => new ProjectOptions(Properties, Marked);

    public GeneratorDriver Driver => CSharpGeneratorDriver.Create(
        [new RyusoGenerator().AsSourceGenerator()],
        Texts,
        ParseOptions,
        Options,
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public Built Run()
    {
        GeneratorDriverRunResult result = Driver.RunGeneratorsAndUpdateCompilation(Compilation, out Compilation output, out ImmutableArray<Diagnostic> diagnostics).GetRunResult();
        return new Built(
            [.. diagnostics.Where(d => !d.IsSuppressed).OrderBy(d => d.Location.GetLineSpan().Path, StringComparer.Ordinal).ThenBy(d => d.Location.SourceSpan.Start).ThenBy(d => d.Id, StringComparer.Ordinal)],
            result.Results[0].GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString()),
            output,
            result.Results[0].Exception);
    }

    public sealed class SpecText(string path, string text) : AdditionalText
    {
        private readonly SourceText _text = SourceText.From(text);

        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
    }

    private sealed class ProjectOptions(ImmutableDictionary<string, string> properties, ImmutableArray<string> marked) : AnalyzerConfigOptionsProvider
    {
        private static readonly Values s_none = new(ImmutableDictionary<string, string>.Empty);
        private static readonly Values s_marked = new(ImmutableDictionary<string, string>.Empty.Add("build_metadata.AdditionalFiles.RyusoSpec", "true"));

        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(properties);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => s_none;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => marked.Contains(textFile.Path) ? s_marked : s_none;
    }

    private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value) => values.TryGetValue(key, out value!);
    }
}

/// <summary>What a build gave.</summary>
internal sealed record Built(ImmutableArray<Diagnostic> Diagnostics, IReadOnlyDictionary<string, string> Files, Compilation Output, Exception? Exception)
{
    /// <summary>The generator's diagnostics as <c>file(line,column): id: message</c>, counted from one as compilers do.</summary>
    public IEnumerable<string> Told => Diagnostics.Select(Text);

    /// <summary>What the compiler says of the project with its generated files.</summary>
    public IEnumerable<string> Compiler => Output.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(Text);

    /// <summary>Only what it says at generated files.</summary>
    public IEnumerable<string> CompilerInGenerated => Output.GetDiagnostics()
        .Where(d => d.Severity >= DiagnosticSeverity.Warning && (d.Location.SourceTree?.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) ?? true))
        .Select(d => Text(d) + " <- " + d.Location.SourceTree?.GetText(CancellationToken.None).Lines[d.Location.GetLineSpan().StartLinePosition.Line]);

    public static string Text(Diagnostic diagnostic)
    {
        FileLinePositionSpan at = diagnostic.Location.GetLineSpan();
        return $"{Path.GetFileName(at.Path)}({at.StartLinePosition.Line + 1},{at.StartLinePosition.Character + 1}): {diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";
    }

    /// <summary>Neither the generator nor the compiler has anything to say.</summary>
    public void MustBeClean()
    {
        Assert.Null(Exception);
        Assert.Empty(Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(Text));
        Assert.Empty(Compiler);
        using var stream = new MemoryStream();
        Assert.Empty(Output.Emit(stream, cancellationToken: TestContext.Current.CancellationToken).Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(Text));
    }
}
