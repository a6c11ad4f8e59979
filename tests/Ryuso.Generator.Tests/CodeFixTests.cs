using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Ryuso.CodeFixes;

namespace Ryuso.Generator.Tests;

/// <summary>Each fix before and after, as an editor would apply it; afterwards the project builds without a warning.</summary>
public class CodeFixTests
{
    private const string Stubs = """
            // Takes money off an account.
            public partial DebitOutputs Debit(DebitArgs args) => throw new System.NotImplementedException();

            // The hook 'notify'.
            public partial HookResult Notify(NotifyArgs args, WalletPool pool) => throw new System.NotImplementedException();
        """;

    [Fact]
    public async Task All_missing_hooks_of_a_class_are_written()
    {
        string after = await FixAsync("Write the missing hooks of 'Wallet.Hooks.Ledger'", Wallet.Ledger(""));
        Assert.Equal(Wallet.Ledger(Stubs + "\n"), after);
    }

    [Fact]
    public async Task Missing_hooks_are_written_behind_what_is_there()
    {
        string after = await FixAsync("Write the missing hooks of 'Wallet.Hooks.Ledger'", Wallet.Ledger(Wallet.Notify));
        Assert.Equal(Wallet.Ledger(Wallet.Notify + "\n\n" + string.Join('\n', Stubs.Split('\n').Take(2))), after);
    }

    [Fact]
    public async Task Missing_hooks_of_a_static_class_are_static()
    {
        string after = await FixAsync("Write the missing hooks of 'Wallet.Hooks.Ledger'", Wallet.Ledger(Wallet.Notify.Replace("public", "public static"), "public static partial class Ledger"));
        Assert.Contains("public static partial DebitOutputs Debit(DebitArgs args)", after);
    }

    [Fact]
    public async Task A_class_without_braces_gets_them()
    {
        string after = await FixAsync("Write the missing hooks of 'Wallet.Hooks.Ledger'", "namespace Wallet.Hooks;\n\n/// <summary>Hooks.</summary>\npublic sealed partial class Ledger;\n");
        Assert.Equal("namespace Wallet.Hooks;\n\n/// <summary>Hooks.</summary>\npublic sealed partial class Ledger\n{\n" + Stubs.Replace(" HookResult", " Ryuso.HookResult") + "\n}\n", after);
    }

    [Fact]
    public async Task A_missing_class_is_written_as_a_file_of_its_own()
    {
        (string path, string text) = await NewFileAsync("Write the hook class 'Wallet.Hooks.Ledger'");
        Assert.Equal("Hooks/Ledger.cs", path);
        Assert.Equal("using Ryuso;\n\nnamespace Wallet.Hooks;\n\n/// <summary>Hooks of the spec.</summary>\npublic sealed partial class Ledger\n{\n" + Stubs + "\n}\n", text);
    }

    [Theory]
    [InlineData("    public async partial void Debit(DebitArgs args) => await Task.Yield();", "    public async partial Task Debit(DebitArgs args) => await Task.Yield();")]
    [InlineData("    // Why.\n    [System.Obsolete]\n    partial void Debit(in DebitArgs args) { }", "    // Why.\n    [System.Obsolete]\n    public partial void Debit(DebitArgs args) { }")]
    [InlineData("    public partial HookResult Debit<T>(DebitArgs args, CancellationToken cancel = default) where T : class => default;", "    public partial HookResult Debit(DebitArgs args, CancellationToken cancel) => default;")]
    [InlineData("    public partial Task<int> Debit(int amount, WalletPool pool)\n    {\n        throw new System.NotImplementedException();\n    }", "    public partial Task<DebitOutputs> Debit(DebitArgs args, WalletPool pool)\n    {\n        throw new System.NotImplementedException();\n    }")]
    public async Task A_signature_is_corrected_and_keeps_its_body(string before, string after) =>
        Assert.Equal(Wallet.Ledger(after + "\n" + Wallet.Notify), await FixAsync("Correct the hook's signature", Wallet.Ledger(before + "\n" + Wallet.Notify)));

    [Fact]
    public async Task A_mistyped_hook_method_gets_the_spec_s_name()
    {
        string before = Wallet.Ledger(Wallet.Debit + "\n    public partial void Notifi(NotifyArgs args) { }");
        Assert.Equal(before.Replace("Notifi(", "Notify("), await FixAsync("Rename to 'Notify'", before));
    }

    [Fact]
    public async Task Nothing_is_offered_where_nothing_is_wrong() =>
        Assert.Empty((await OffersAsync(Project(Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify)))).Select(o => o.Title));

    /// <summary>Applies the fix to a project of one file and gives back the file; the project must then be clean.</summary>
    private static async Task<string> FixAsync(string title, string source)
    {
        Project after = await ApplyAsync(Project(source), title);
        string text = (await after.Documents.Single().GetTextAsync(TestContext.Current.CancellationToken)).ToString();
        Build.Of(Wallet.Spec, text).Run().MustBeClean();
        return text;
    }

    private static async Task<(string Path, string Text)> NewFileAsync(string title)
    {
        Project after = await ApplyAsync(Project(), title);
        Document file = after.Documents.Single();
        string text = (await file.GetTextAsync(TestContext.Current.CancellationToken)).ToString();
        Build.Of(Wallet.Spec, text).Run().MustBeClean();
        return (string.Join('/', [.. file.Folders, file.Name]), text);
    }

    private static async Task<Project> ApplyAsync(Project project, string title)
    {
        CodeAction action = Assert.Single(await OffersAsync(project), o => o.Title == title);
        ImmutableArray<CodeActionOperation> operations = await action.GetOperationsAsync(TestContext.Current.CancellationToken);
        return operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetProject(project.Id)!;
    }

    private static Project Project(params string[] sources)
    {
        Build build = Build.Of(Wallet.Spec, sources);
        var workspace = new AdhocWorkspace();
        Project project = workspace.AddProject(ProjectInfo.Create(
            ProjectId.CreateNewId(), VersionStamp.Default, "Project", "Project", LanguageNames.CSharp,
            compilationOptions: build.Compilation.Options, parseOptions: build.ParseOptions, metadataReferences: build.Compilation.References));
        project = project.AddAnalyzerReference(new GeneratorReference());
        foreach ((string path, string text) in build.Sources)
        {
            project = project.AddDocument(path, text, filePath: path).Project;
        }

        return project.AddAdditionalDocument("ryu_spec.json", Wallet.Spec, filePath: "ryu_spec.json").Project;
    }

    /// <summary>What an editor would offer.</summary>
    private static async Task<IReadOnlyList<CodeAction>> OffersAsync(Project project)
    {
        List<CodeAction> offers = [];
        Compilation compilation = (await project.GetCompilationAsync(TestContext.Current.CancellationToken))!;
        ImmutableArray<Diagnostic> found = await compilation
            .WithAnalyzers([new HookFixAnalyzer()], new AnalyzerOptions(Build.Of(Wallet.Spec).Texts))
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        foreach (Diagnostic diagnostic in found)
        {
            Assert.Equal(DiagnosticSeverity.Hidden, diagnostic.Severity);
            TextDocument file = diagnostic.Location.SourceTree is { } tree ? project.GetDocument(tree)! : project.AdditionalDocuments.Single(d => d.FilePath == diagnostic.Location.GetLineSpan().Path);
            var context = new CodeFixContext(file, diagnostic, (action, _) => offers.Add(action), TestContext.Current.CancellationToken);
            await new HookCodeFixProvider().RegisterCodeFixesAsync(context);
        }

        return offers;
    }

    private sealed class GeneratorReference : AnalyzerReference
    {
        private readonly ImmutableArray<ISourceGenerator> _generators = [new RyusoGenerator().AsSourceGenerator()];

        public override string FullPath => "Ryuso.Generator.dll";

        public override object Id => FullPath;

        public override ImmutableArray<DiagnosticAnalyzer> GetAnalyzers(string language) => [];

        public override ImmutableArray<DiagnosticAnalyzer> GetAnalyzersForAllLanguages() => [];

        public override ImmutableArray<ISourceGenerator> GetGenerators(string language) => _generators;

        public override ImmutableArray<ISourceGenerator> GetGeneratorsForAllLanguages() => _generators;
    }
}
