using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Ryuso.Generator.Tests;

/// <summary>An edit costs nothing that it need not, proven by the reasons that the driver records for each step.</summary>
public class CachingTests
{
    private const string Unrelated = "namespace Shop; internal static class Other { internal static int One() => 1; }";
    private static readonly string s_ledger = Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify);

    private static readonly string s_described = Wallet.Spec.Replace(
        """ "from": { "type": "string", "required": true },""",
        """ "from": { "type": "string", "required": true, "description": "From whom." },""");

    private readonly Build _build = Build.Of(Wallet.Spec, s_ledger, Unrelated);
    private Compilation _compilation;
    private GeneratorDriver _driver;
    private AdditionalText _specText;
    private Dictionary<string, SourceText> _before = [];

    public CachingTests()
    {
        _compilation = _build.Compilation;
        _specText = new Build.SpecText("ryu_spec.json", Wallet.Spec);
        _driver = _build.Driver.ReplaceAdditionalTexts([_specText]).RunGenerators(_compilation, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Typing_in_an_unrelated_file_runs_nothing_beyond_reading_syntax()
    {
        Edit(1, Unrelated.Replace("=> 1", "=> 12"));
        Assert.Empty(RanAgain());
        Assert.Empty(Emitted());
        Assert.All(Reasons(TrackingNames.ReadMethods), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
        Assert.All(Reasons(TrackingNames.ReadClasses), reason => Assert.Equal(IncrementalStepRunReason.Unchanged, reason));
    }

    [Fact]
    public void Typing_in_the_body_of_a_hook_emits_nothing()
    {
        Edit(0, s_ledger.Replace("{ }", "{ _ = args; }"));
        Assert.Empty(RanAgain());
        Assert.Empty(Emitted());
    }

    [Fact]
    public void Moving_a_hook_within_its_file_emits_nothing()
    {
        Edit(0, "// More.\n" + s_ledger);
        Assert.Equal([], RanAgain());
        Assert.Empty(Emitted());
    }

    [Fact]
    public void Adding_an_unrelated_file_runs_nothing_beyond_reading_syntax()
    {
        _compilation = _compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class More;", _build.ParseOptions, "More.cs", cancellationToken: TestContext.Current.CancellationToken));
        Run();
        Assert.Empty(RanAgain());
        Assert.Empty(Emitted());
    }

    [Fact]
    public void A_whitespace_edit_of_the_spec_emits_nothing()
    {
        EditSpec(Wallet.Spec.Replace("\n", "\n\n").Replace(": ", " :\t") + "// The end.");
        Assert.Equal([TrackingNames.Files], RanAgain());
        Assert.Empty(Emitted());
    }

    [Theory]
    [InlineData("Takes money off an account.", "Wallet.Hooks.Ledger.g.cs")]
    [InlineData("From whom.", "Wallet.Hooks.Ledger.g.cs")]
    [InlineData("The account that pays", "Wallet.Programs.Transfer.g.cs", "Wallet.WalletDefinition.g.cs", "Wallet.WalletPool.g.cs")]
    [InlineData("Moves money.", "Wallet.Programs.Transfer.g.cs", "Wallet.WalletClient.g.cs", "Wallet.WalletDefinition.g.cs", "Wallet.WalletOrchestrator.g.cs")]
    public void Editing_a_description_emits_only_the_files_that_hold_it(string words, params string[] files)
    {
        EditSpec(s_described);
        EditSpec(s_described.Replace(words, "Other words."));
        Assert.Equal(files, Emitted());
    }

    [Fact]
    public void Changing_the_shape_of_a_hook_emits_what_calls_it()
    {
        Edit(0, s_ledger.Replace("Notify(NotifyArgs args)", "Notify(NotifyArgs args, HookContext context)"));
        Assert.Equal(["Wallet.Hooks.Ledger.g.cs", "Wallet.WalletOrchestrator.g.cs", "Wallet.WalletPool.g.cs"], Emitted());
    }

    [Fact]
    public void A_constructor_parameter_whose_type_changes_in_another_file_is_seen()
    {
        Edit(0, s_ledger.Replace("class Ledger", "class Ledger(Shop.Clock clock)").Replace("_ = args", "_ = clock"));
        Assert.Contains("which cannot be found", Assert.Single(_driver.GetRunResult().Diagnostics).GetMessage(System.Globalization.CultureInfo.InvariantCulture));
        Edit(1, "namespace Shop; public sealed class Clock;");
        Assert.Empty(_driver.GetRunResult().Diagnostics);
        Assert.Contains("clock: Resolve<global::Shop.Clock>", Text("Wallet.WalletOrchestrator.g.cs"));
        Edit(1, "global using Clock = Shop.Clock; namespace Shop { public sealed class Clock; }");
        Edit(1, "namespace Shop.Time { public sealed class Clock; } namespace Shop { public sealed class Clock<T>; }");
        Assert.Single(_driver.GetRunResult().Diagnostics);
    }

    [Fact]
    public void A_client_is_emitted_again_only_for_what_its_methods_show()
    {
        EditSpec(Wallet.Spec.Replace("wallet.hooks.ledger.notify", "wallet.hooks.notices.notify").Replace("\"amount\": { \"type\": \"int\"", "\"amount\": { \"type\": \"float\""));
        Assert.Contains("Wallet.Programs.Transfer.g.cs", Emitted());
        Assert.DoesNotContain("Wallet.WalletClient.g.cs", Emitted());
    }

    [Fact]
    public void A_project_that_becomes_a_client_loses_all_but_records_and_client_and_these_are_not_emitted_again()
    {
        _driver = _driver.WithUpdatedAnalyzerConfigOptions((_build with { Properties = _build.Properties.Add("build_property.RyusoClientOnly", "true") }).Options);
        Run();
        Assert.Empty(Emitted());
        Assert.Equal(["Wallet.Programs.Transfer.g.cs", "Wallet.WalletClient.g.cs"], Texts().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_order_of_files_does_not_matter()
    {
        Built one = Build.Of(Wallet.Spec, s_ledger, Unrelated).Run();
        Built other = Build.Of(Wallet.Spec, Unrelated, s_ledger).Run();
        Assert.Equal(one.Files, other.Files);
    }

    [Fact]
    public void Two_hundred_edits_keep_no_old_compilation_alive()
    {
        List<WeakReference> old = [];
        for (int i = 0; i < 200; i++)
        {
            old.Add(EditAndForget(i));
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(old.Count(c => c.IsAlive), 0, 2); // The one that the driver looks at now, and the one that it compares with.
        GC.KeepAlive(_driver);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference EditAndForget(int number)
    {
        // Broken every other time, so that diagnostics with their places go through the driver too.
        Edit(0, s_ledger.Replace("{ }", $"{{ _ = {number}; }}") + (number % 2 == 0 ? "" : "partial class Ledger { public partial void Stray() { } }"));
        EditSpec(Wallet.Spec + new string(' ', number % 7));
        return new WeakReference(_compilation);
    }

    private void Edit(int file, string text)
    {
        SyntaxTree old = _compilation.SyntaxTrees.Single(t => t.FilePath == $"File{file}.cs");
        _compilation = _compilation.ReplaceSyntaxTree(old, CSharpSyntaxTree.ParseText(text, _build.ParseOptions, old.FilePath, cancellationToken: TestContext.Current.CancellationToken));
        Run();
    }

    private void EditSpec(string text)
    {
        AdditionalText old = _specText;
        _specText = new Build.SpecText("ryu_spec.json", text);
        _driver = _driver.ReplaceAdditionalText(old, _specText);
        Run();
    }

    private void Run()
    {
        _before = Texts();
        _driver = _driver.RunGenerators(_compilation, TestContext.Current.CancellationToken);
    }

    private string Text(string file) => _driver.GetRunResult().Results[0].GeneratedSources.Single(s => s.HintName == file).SourceText.ToString();

    private IEnumerable<IncrementalStepRunReason> Reasons(string step) =>
        _driver.GetRunResult().Results[0].TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason);

    /// <summary>The named steps behind the reading of C# that gave something new.</summary>
    private IEnumerable<string> RanAgain() => TrackingNames.Later
        .Where(name => _driver.GetRunResult().Results[0].TrackedSteps.ContainsKey(name))
        .Where(name => Reasons(name).Any(r => r is not (IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged)));

    /// <summary>The files that were written again: each emission makes a text of its own.</summary>
    private IEnumerable<string> Emitted() => Texts()
        .Where(now => !_before.TryGetValue(now.Key, out SourceText? before) || !ReferenceEquals(before, now.Value))
        .Select(now => now.Key)
        .Order(StringComparer.Ordinal);

    private Dictionary<string, SourceText> Texts() => _driver.GetRunResult().Results[0].GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText);
}
