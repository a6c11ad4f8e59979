using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator;

namespace Ryuso.Benchmarks;

/// <summary>
/// What the generator costs: a spec of so many hooks, a fifth as many programs and twenty times as many steps, with every hook implemented.
/// Targets for 1,000 hooks: cold under 1 s, an edit in a hook's body under 10 ms, emitted code under 4 MB; growth linear.
/// </summary>
[MemoryDiagnoser]
public class GeneratorBenchmarks
{
    private const int HooksPerClass = 20;
    private CSharpCompilation _compilation = null!;
    private SyntaxTree _edited = null!;
    private SyntaxTree _unrelated = null!;
    private AdditionalText _spec = null!;
    private GeneratorDriver _warm = null!;

    /// <summary>How many hooks the spec has.</summary>
    [Params(10, 100, 1_000)]
    public int Hooks { get; set; }

    /// <summary>Bytes of emitted code.</summary>
    public long EmittedBytes { get; private set; }

    [GlobalSetup]
    public void Setup()
    {
        _spec = new Text("ryu_spec.json", Spec());
        _compilation = CSharpCompilation.Create(
            "Project",
            Classes().Append("internal static class Unrelated { internal static int One() => 1; }").Select((source, i) => CSharpSyntaxTree.ParseText(source, path: $"File{i}.cs")),
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        _edited = Edit(_compilation.SyntaxTrees[0], "=> default;", "=> HookResult.Ok;");
        _unrelated = Edit(_compilation.SyntaxTrees[^1], "=> 1", "=> 2");
        _warm = Driver().RunGenerators(_compilation);
        GeneratorDriverRunResult result = _warm.GetRunResult();
        if (result.Diagnostics.Any(d => d.Severity == DiagnosticSeverity.Error))
        {
            throw new InvalidOperationException(result.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error).ToString());
        }

        EmittedBytes = result.GeneratedTrees.Sum(t => Encoding.UTF8.GetByteCount(t.ToString()));
        Console.WriteLine($"// {Hooks} hooks: {EmittedBytes} bytes emitted in {result.GeneratedTrees.Length} files.");
    }

    [Benchmark(Description = "cold")]
    public GeneratorDriver Cold() => Driver().RunGenerators(_compilation);

    [Benchmark(Description = "edit in a hook's body")]
    public GeneratorDriver EditInBody() => _warm.RunGenerators(_compilation.ReplaceSyntaxTree(_compilation.SyntaxTrees[0], _edited));

    [Benchmark(Description = "edit in an unrelated file")]
    public GeneratorDriver EditElsewhere() => _warm.RunGenerators(_compilation.ReplaceSyntaxTree(_compilation.SyntaxTrees[^1], _unrelated));

    [Benchmark(Description = "compiling what was emitted")]
    public bool Compile() => _compilation.AddSyntaxTrees(_warm.GetRunResult().GeneratedTrees).Emit(Stream.Null).Success;

    private CSharpGeneratorDriver Driver() => CSharpGeneratorDriver.Create([new RyusoGenerator().AsSourceGenerator()], [_spec]);

    // Parsed beforehand, since the compiler does that anyway; the compilation is fresh for each run, as it is while somebody types.
    private static SyntaxTree Edit(SyntaxTree tree, string from, string to)
    {
        string text = tree.ToString();
        int at = text.IndexOf(from, StringComparison.Ordinal);
        return CSharpSyntaxTree.ParseText(text.Remove(at, from.Length).Insert(at, to), path: tree.FilePath);
    }

    private string Spec()
    {
        var spec = new StringBuilder("{ \"name\": \"Wallet\", \"programs\": {\n");
        int programs = Hooks / 5;
        for (int p = 0; p < programs; p++)
        {
            // Two numbers on the line for each hook: fifty hooks make a hundred steps.
            IEnumerable<string> hooks = Enumerable.Range(0, 50).Select(i => $"\"hooks.hook_{((p * 7) + i) % Hooks}\"");
            spec.Append(CultureInfo.InvariantCulture, $$"""  "program_{{p}}": { "description": "Program {{p}}.", "hooks": [{{string.Join(", ", hooks)}}], "args": { "from": { "type": "string", "required": true, "description": "Who pays" }, "amount": { "type": "int", "required": true } }, "outputs": { "amount": { "type": "int", "required": true } } }{{(p + 1 < programs ? "," : "")}}""").Append('\n');
        }

        spec.Append("}, \"hooks\": {\n");
        for (int h = 0; h < Hooks; h++)
        {
            spec.Append(CultureInfo.InvariantCulture, $$"""  "hook_{{h}}": { "reference": "wallet.hooks.class_{{h / HooksPerClass}}.hook_{{h}}", "description": "Hook {{h}}.", "args": { "from": { "type": "string", "required": true, "description": "Who pays" }, "amount": { "type": "int", "required": true }, "note": { "type": "string", "required": false } }, "rectifiers": ["hooks.hook_{{(h + 1) % Hooks}}"] }{{(h + 1 < Hooks ? "," : "")}}""").Append('\n');
        }

        return spec.Append("} }\n").ToString().Replace(", \"rectifiers\": [\"hooks.hook_0\"]", "");
    }

    private IEnumerable<string> Classes() => Enumerable.Range(0, Hooks).Chunk(HooksPerClass).Select((hooks, c) =>
        $"using Ryuso;\nnamespace Wallet.Hooks;\npublic sealed partial class Class{c}(System.IServiceProvider services)\n{{\n    internal object Services => services;\n{string.Join("\n", hooks.Select(h => $"    public partial HookResult Hook{h}(Hook{h}Args args, WalletPool pool) => default;"))}\n}}\n");

    private sealed class Text(string path, string text) : AdditionalText
    {
        private readonly SourceText _text = SourceText.From(text);

        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
    }
}
