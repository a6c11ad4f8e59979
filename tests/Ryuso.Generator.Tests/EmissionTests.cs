using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ryuso.Generator.Tests;

/// <summary>Generated code compiles whatever surrounds it; see <see cref="RandomSpecTests"/> for names and words.</summary>
public class EmissionTests
{
    private static readonly string s_ledger = Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify);

    private static string SpecOf(string name, params string[] references) => $$"""
        {
          "name": "{{name}}",
          "programs": { "run": { "hooks": [{{string.Join(", ", references.Select((_, i) => $"\"h{i}\""))}}], "args": {}, "outputs": {} } },
          "hooks": { {{string.Join(", ", references.Select((r, i) => $$""" "h{{i}}": { "reference": "{{r}}", "args": {} }"""))}} }
        }
        """;

    public static MatrixTheoryData<LanguageVersion, NullableContextOptions, DocumentationMode> Projects { get; } = new(
        [LanguageVersion.CSharp12, LanguageVersion.CSharp13, LanguageVersion.Latest, LanguageVersion.Preview],
        [NullableContextOptions.Disable, NullableContextOptions.Enable],
        [DocumentationMode.None, DocumentationMode.Diagnose]);

    [Theory]
    [MemberData(nameof(Projects))]
    public void Any_language_version_from_12_with_or_without_nullable_and_documentation(LanguageVersion language, NullableContextOptions nullable, DocumentationMode documentation) =>
        (Build.Of(Wallet.Spec, s_ledger) with { Language = language, Nullable = nullable, Documentation = documentation }).Run().MustBeClean();

    [Fact]
    public void Users_may_have_types_and_namespaces_named_like_ours()
    {
        const string Names = """
            namespace Wallet.Hooks { internal static class System { } internal static class Ryuso { } internal class Task { } internal class HookResult { } internal class Microsoft { } }
            namespace Wallet { internal static class System { } internal static class Ryuso { } internal class Task { } internal class DataPool { } internal class String { } internal class Object { } }
            namespace Wallet.Wallet.System.Ryuso { internal class CancellationToken { } }
            """;
        const string Ledger = """
            namespace Wallet.Hooks
            {
                /// <summary>Hooks.</summary>
                public sealed partial class Ledger
                {
                    public partial global::System.Threading.Tasks.Task<global::Ryuso.HookResult> Debit(DebitArgs args, global::System.Threading.CancellationToken cancel) => null!;
                    public partial void Notify(NotifyArgs args) { }
                }
            }
            """;
        Build.Of(Wallet.Spec, Ledger, Names).Run().MustBeClean();
    }

    [Fact]
    public void Several_specs_live_in_one_project()
    {
        Build build = Build.Of(Wallet.Spec, s_ledger, "namespace Shop; /// <summary>Hooks.</summary>\npublic static partial class Hooks { public static partial void Sell() { } }") with
        {
            Specs = [("ryu_spec.json", Wallet.Spec), ("b/shop.ryu.json", SpecOf("Shop", "sell")), ("c/other.json", "not a spec"), ("c/marked.json", SpecOf("Marked"))],
            Marked = ["c/marked.json"],
        };
        Built built = build.Run();
        built.MustBeClean();
        Assert.Contains("Shop.ShopOrchestrator.g.cs", built.Files.Keys);
        Assert.Contains("Marked.MarkedOrchestrator.g.cs", built.Files.Keys);
    }

    [Fact]
    public void Two_specs_of_one_name_are_told_and_the_first_is_generated()
    {
        Build build = Build.Of(Wallet.Spec, s_ledger) with { Specs = [("ryu_spec.json", Wallet.Spec), ("b/other.ryu.json", SpecOf("wallet"))] };
        Built built = build.Run();
        Assert.Equal(["other.ryu.json(1,1): RYU113: The specs other.ryu.json and ryu_spec.json are both named 'wallet', which gives both the same C# names. Rename one."], built.Told);
        Assert.Empty(built.Compiler);
    }

    [Fact]
    public void One_method_name_may_be_in_several_classes_and_classes_may_differ_by_case_alone()
    {
        string[] references = ["a.ledger.debit", "b.ledger.debit", "a.lEDGER.debit", "programs.run.debit", "debit.debit2"];
        string spec = SpecOf("Wallet", references);
        string sources = string.Concat(new[] { ("A", "Ledger", "Debit"), ("B", "Ledger", "Debit"), ("A", "LEDGER", "Debit"), ("Programs", "Run", "Debit") }
            .Select(t => $"namespace Wallet.{t.Item1} {{ /// <summary>Hooks.</summary>\npublic sealed partial class {t.Item2} {{ public partial void {t.Item3}() {{ }} }} }}\n"))
            + "namespace Wallet { /// <summary>Hooks.</summary>\npublic sealed partial class Debit { public partial void Debit2() { } } }";
        Build.Of(spec, sources).Run().MustBeClean();
    }

    [Fact]
    public void Names_of_files_are_short_enough_for_a_disk()
    {
        string name = new('n', 240);
        Built built = Build.Of(SpecOf("Wallet", $"{name}.a", $"x{name}.a")).Run();
        Assert.All(built.Files.Keys, file => Assert.InRange(file.Length, 1, 140));
        Assert.Equal(2 + 1 + 4, built.Files.Count);
    }

    [Theory]
    [InlineData("to_string", "ToString")]
    [InlineData("equals", "Equals")]
    [InlineData("get_hash_code", "GetHashCode")]
    [InlineData("get_type", "GetType")]
    [InlineData("finalize", "Finalize")]
    [InlineData("memberwise_clone", "MemberwiseClone")]
    public void A_hook_may_have_the_name_of_a_method_of_every_object_when_it_has_another_shape(string name, string method)
    {
        Build.Of(
            SpecOf("Wallet", "ledger." + name),
            $"namespace Wallet; /// <summary>Hooks.</summary>\npublic sealed partial class Ledger {{ public partial void {method}({method}Args args) {{ }} }}").Run().MustBeClean();
    }

    [Fact]
    public void A_record_may_have_the_name_of_the_method_that_calls_a_hook()
    {
        const string Spec = """
            {
              "name": "Wallet",
              "programs": { "invoke": { "hooks": ["outputs"], "args": {}, "outputs": {} } },
              "hooks": { "outputs": { "reference": "outputs", "args": {} } }
            }
            """;
        Build.Of(Spec, "namespace Wallet; /// <summary>Hooks.</summary>\npublic static partial class Hooks { public static partial void Outputs() { } }").Run().MustBeClean();
    }

    [Fact]
    public void A_broken_program_does_not_take_the_healthy_ones_with_it()
    {
        string spec = Wallet.Spec.Replace("\"programs\": {", "\"programs\": { \"broken\": { \"hooks\": [\"hooks.nothing\"], \"args\": {}, \"outputs\": {} },");
        Built built = Build.Of(spec, s_ledger).Run();
        Assert.Equal(["RYU105"], built.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.Id));
        Assert.Empty(built.Compiler);
        Assert.Contains("TransferAsync", built.Files["Wallet.WalletOrchestrator.g.cs"]);
    }

    [Fact]
    public void A_promise_that_nothing_keeps_is_told_where_others_keep_it()
    {
        const string Spec = """
            {
              "name": "Wallet",
              "programs": {
                "inner": { "hooks": [], "args": {}, "outputs": { "x": { "type": "int", "required": true } } },
                "outer": { "hooks": ["h", "programs.inner"], "args": {}, "outputs": {} }
              },
              "hooks": { "h": { "reference": "h", "args": {}, "outputs": { "x": { "type": "int", "required": true } } } }
            }
            """;
        Built built = Build.Of(Spec).Run();
        Assert.Null(built.Exception);
        Assert.Equal("RYU121", built.Diagnostics[0].Id);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData(null, false)]
    public void A_project_that_expects_a_spec_and_has_none_is_told(string? expects, bool isTold)
    {
        Build build = new() { Sources = [("File0.cs", "class C;")] };
        Built built = (expects is null ? build : build with { Properties = build.Properties.Add("build_property.RyusoExpectsSpec", expects) }).Run();
        Assert.Equal(isTold ? ["RYU902"] : [], built.Diagnostics.Select(d => d.Id));
        Assert.Empty(built.Files);
    }
}
