namespace Ryuso.Generator.Tests;

/// <summary>What a hook class must be, told at the user's class.</summary>
public class HookClassTests
{
    private const string Services = "namespace Services { public interface IClock { } public interface IBox<T> { } public class @event { } }\n";

    private static Built Run(string declaration, string members = "") =>
        Build.Of(Wallet.Spec, Wallet.Ledger($"{members}\n{Wallet.Debit}\n{Wallet.Notify}", declaration), Services).Run();

    [Theory]
    [InlineData("public sealed class Ledger", "", 21, "it must be partial; write 'partial class'")]
    [InlineData("public sealed partial record Ledger", "", 30, "it must be a class and not a record; write 'partial class'")]
    [InlineData("public partial record struct Ledger", "", 30, "it must be a class; write 'partial class'")]
    [InlineData("public partial struct Ledger", "", 23, "it must be a class; write 'partial class'")]
    [InlineData("public partial interface Ledger", "", 26, "it must be a class; write 'partial class'")]
    [InlineData("public sealed partial class Ledger<T>", "", 29, "it must not be generic; remove its type parameters")]
    [InlineData("public abstract partial class Ledger", "", 31, "it must not be abstract, since one instance of it is made; remove 'abstract'")]
    [InlineData("file sealed partial class Ledger", "", 27, "it must not be file-local; remove 'file'")]
    [InlineData("public sealed partial class Ledger", "    public Ledger() { } public Ledger(int a) { }", 29, "it has several constructors; keep the one that takes what the hooks need")]
    [InlineData("public sealed partial class Ledger(Services.IClock clock)", "    public Ledger() : this(null!) { }", 29, "it has several constructors; keep the one that takes what the hooks need")]
    [InlineData("public sealed partial class Ledger", "    private Ledger() { }", 29, "its constructor must be public or internal")]
    [InlineData("public sealed partial class Ledger(ref int a)", "", 29, "its constructor must take the parameter 'a' by value")]
    [InlineData("public sealed partial class Ledger(System.ReadOnlySpan<char> a)", "", 29, "its constructor must take the parameter 'a' by value")]
    [InlineData("public sealed partial class Ledger(params int[] a)", "", 29, "its constructor must take the parameter 'a' by value")]
    [InlineData("public sealed partial class Ledger(Services.IClok clock)", "", 29, "its constructor takes 'IClok', which cannot be found; types that other source generators make are invisible here")]
    [InlineData("public sealed partial class Ledger(Services.IBox<Nothing> box)", "", 29, "its constructor takes 'IBox<Nothing>', which cannot be found; types that other source generators make are invisible here")]
    [InlineData("public sealed partial class Ledger([FromKeyedServices(\"a\")] Services.IClock clock)", "", 29, "its constructor takes the parameter 'clock' as a keyed service, which is not supported; give the service a type of its own")]
    public void A_class_that_cannot_hold_hooks_is_told(string declaration, string members, int column, string problem)
    {
        Built built = Build.Of(
            Wallet.Spec,
            "using Microsoft.Extensions.DependencyInjection;\n" + Wallet.Ledger($"{members}\n{Wallet.Debit}\n{Wallet.Notify}", declaration),
            Services).Run();
        Assert.Equal([$"File0.cs(9,{column}): RYU205: The hook class 'Wallet.Hooks.Ledger' cannot be used: {problem}"], built.Told);
        Assert.Null(built.Exception);
    }

    [Theory]
    [InlineData("(Services.IClock clock)", "new global::Wallet.Hooks.Ledger(clock: Resolve<global::Services.IClock>(services, \"Wallet.Hooks.Ledger\"))")]
    [InlineData("(Services.IClock? clock)", "new global::Wallet.Hooks.Ledger(clock: ResolveOrDefault<global::Services.IClock>(services, \"Wallet.Hooks.Ledger\")!)")]
    [InlineData("(Services.IClock clock = null!)", "new global::Wallet.Hooks.Ledger(clock: ResolveOrDefault<global::Services.IClock>(services, \"Wallet.Hooks.Ledger\")!)")]
    [InlineData("(int count = 5, Services.@event @class = null!)", "new global::Wallet.Hooks.Ledger(@class: ResolveOrDefault<global::Services.@event>(services, \"Wallet.Hooks.Ledger\")!)")]
    [InlineData("(Services.IBox<string?> box)", "new global::Wallet.Hooks.Ledger(box: Resolve<global::Services.IBox<string?>>(services, \"Wallet.Hooks.Ledger\"))")]
    [InlineData("(System.Collections.Generic.IEnumerable<Services.IClock> clocks, int? limit)", "new global::Wallet.Hooks.Ledger(clocks: Resolve<global::System.Collections.Generic.IEnumerable<global::Services.IClock>>(services, \"Wallet.Hooks.Ledger\"), limit: ResolveOrDefault<int?>(services, \"Wallet.Hooks.Ledger\")!)")]
    [InlineData("(System.Func<(int A, string B), Services.IClock> f, dynamic d, int[] numbers)", "new global::Wallet.Hooks.Ledger(f: Resolve<global::System.Func<(int A, string B), global::Services.IClock>>(services, \"Wallet.Hooks.Ledger\"), d: Resolve<dynamic>(services, \"Wallet.Hooks.Ledger\"), numbers: Resolve<int[]>(services, \"Wallet.Hooks.Ledger\"))")]
    public void Constructor_parameters_come_from_the_services(string parameters, string made)
    {
        string fields = string.Join("\n", parameters.Contains("clock)") || parameters.Contains("clock =") ? ["    internal object? Kept { get; } = clock;"] : Array.Empty<string>());
        Built built = Run("#pragma warning disable CS9113, CS8907 // Unread parameters.\npublic sealed partial class Ledger" + parameters, fields);
        Assert.Empty(built.Told);
        Assert.DoesNotContain(built.Compiler, d => !d.Contains("CS1591"));
        Assert.Contains($"_ledger = Own({made});", built.Files["Wallet.WalletOrchestrator.g.cs"]);
    }

    [Fact]
    public void The_parts_of_a_class_may_stand_in_several_files()
    {
        Build.Of(
            Wallet.Spec,
            Wallet.Ledger(Wallet.Debit),
            "namespace Wallet { namespace Hooks { partial class Ledger { " + Wallet.Notify + " } } }").Run().MustBeClean();
    }

    [Fact]
    public void All_missing_hooks_are_listed_at_the_class()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger("")).Run();
        Assert.Equal(
            ["File0.cs(8,29): RYU201: The hook class 'Wallet.Hooks.Ledger' lacks the hook methods Debit (hooks.debit), Notify (hooks.notify); add for example: public partial DebitOutputs Debit(DebitArgs args) { … }"],
            built.Told);
        Assert.All(built.CompilerInGenerated, d => Assert.Contains("CS8795", d));
    }

    [Fact]
    public void A_missing_class_is_told_at_the_reference_in_the_spec()
    {
        Built built = Build.Of(Wallet.Spec).Run();
        Assert.Equal(
            ["ryu_spec.json(22,20): RYU206: There is no hook class 'Wallet.Hooks.Ledger' with the hook methods Debit (hooks.debit), Notify (hooks.notify); write for example: namespace Wallet.Hooks; public sealed partial class Ledger { public partial DebitOutputs Debit(DebitArgs args) { … } }"],
            built.Told);
    }

    [Fact]
    public void A_hook_that_is_implemented_twice_is_told_at_the_second()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify), Wallet.Ledger("    public partial void Debit(DebitArgs args, HookContext context) { }")).Run();
        Assert.Equal(["File1.cs(10,25): RYU204: The hook method 'Wallet.Hooks.Ledger.Debit' is implemented more than once; remove all but one"], built.Told);
    }

    [Theory]
    [InlineData("public partial void Notifi(NotifyArgs args) { }", "did you mean 'Notify'?")]
    [InlineData("partial void Notifi(NotifyArgs args) { }", "did you mean 'Notify'?")]
    [InlineData("public partial void Withdraw() { }", "add a hook to the spec, or remove 'partial'")]
    public void A_method_that_the_spec_does_not_name_is_told_with_the_nearest(string member, string remedy)
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger($"{Wallet.Debit}\n    {member}")).Run();
        int column = 5 + member.IndexOf(member.Contains("Notifi") ? "Notifi" : "Withdraw", StringComparison.Ordinal);
        string name = member.Contains("Notifi") ? "Notifi" : "Withdraw";
        Assert.Equal($"File0.cs(11,{column}): RYU203: The spec has no hook whose reference leads to 'Wallet.Hooks.Ledger.{name}'; {remedy}", built.Told.Last());
        Assert.StartsWith("File0.cs(8,29): RYU201: The hook class 'Wallet.Hooks.Ledger' lacks the hook methods Notify (hooks.notify);", built.Told.First(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_partial_method_of_another_generator_is_nobody_s_business()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger($"{Wallet.Debit}\n{Wallet.Notify}\n    partial void OnNameChanged(string value) {{ }}")).Run();
        Assert.Empty(built.Told);
    }

    [Theory]
    [InlineData("namespace Shop.Hooks; public partial class Ledger { public partial void Debit() { } }", 73, "RYU205: The hook class 'Shop.Hooks.Ledger' cannot be used: the spec's references lead to Wallet.Hooks.Ledger; write 'namespace Wallet.Hooks'")]
    [InlineData("public partial class Ledger { public partial void Debit() { } }", 51, "RYU205: The hook class 'Ledger' cannot be used: the spec's references lead to Wallet.Hooks.Ledger; write 'namespace Wallet.Hooks'")]
    [InlineData("namespace Wallet.Hooks; partial class Outer { public partial class Ledger { public partial void Debit() { } } }", 97, "RYU205: The hook class 'Wallet.Hooks.Outer.Ledger' cannot be used: it must not stand inside another type; move it to the namespace Wallet.Hooks")]
    [InlineData("namespace Wallet.Hooks; partial class Ledgers { public partial void Debit() { } }", 69, "RYU203: The spec has no hook whose reference leads to 'Wallet.Hooks.Ledgers.Debit'; did you mean 'Wallet.Hooks.Ledger.Debit'?")]
    public void A_class_in_the_wrong_place_is_told_where_it_belongs(string source, int column, string message)
    {
        Built built = Build.Of(Wallet.Spec, source).Run();
        Assert.Contains($"File0.cs(1,{column}): {message}", built.Told);
        Assert.Contains(built.Told, d => d.Contains("RYU206"));
    }

    [Fact]
    public void A_pragma_silences_a_diagnostic_about_hooks()
    {
        string spec = Wallet.Spec;
        Built built = Build.Of(spec, Wallet.Ledger($"{Wallet.Debit}\n{Wallet.Notify}\n#pragma warning disable RYU203\n    public partial void Withdraw() {{ }}")).Run();
        Assert.Empty(built.Told);
    }
}
