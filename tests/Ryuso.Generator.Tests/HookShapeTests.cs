namespace Ryuso.Generator.Tests;

/// <summary>The shapes of hook methods: every right one works, for every other the nearest right one is reported.</summary>
public class HookShapeTests
{
    private static readonly (string Type, string Name)[] s_parameters =
        [("DebitArgs", "args"), ("WalletPool", "pool"), ("HookContext", "context"), ("CancellationToken", "cancel")];

    private static readonly (string Type, string Body, bool IsAsync)[] s_returns =
    [
        ("void", "{ }", false),
        ("HookResult", "=> HookResult.Ok;", false),
        ("DebitOutputs", "=> new(1);", false),
        ("Task", "=> Task.CompletedTask;", false),
        ("Task", "{ await Task.Yield(); }", true),
        ("ValueTask", "=> default;", false),
        ("Task<HookResult>", "{ await Task.Yield(); return HookResult.Ok; }", true),
        ("ValueTask<HookResult>", "=> new(HookResult.Ok);", false),
        ("Task<DebitOutputs>", "=> Task.FromResult(new DebitOutputs(1));", false),
        ("ValueTask<DebitOutputs>", "{ await Task.Yield(); return new(1); }", true),
    ];

    private static IEnumerable<IReadOnlyList<(string Type, string Name)>> Orders(IReadOnlyList<(string Type, string Name)> chosen)
    {
        yield return chosen;
        if (chosen.Count == 4)
        {
            yield break;
        }

        foreach ((string, string) next in s_parameters.Except(chosen))
        {
            foreach (var order in Orders([.. chosen, next]))
            {
                yield return order;
            }
        }
    }

    [Fact]
    public void Any_subset_of_the_parameters_in_any_order_with_any_return_type_compiles()
    {
        string[] orders = [.. Orders([]).Select(order => string.Join(", ", order.Select(p => $"{p.Type} {p.Name}")))];
        Assert.Equal(65, orders.Length);

        // One hook for each shape: 65 orders, each with every return type, static and not.
        List<string> members = [];
        List<string> hooks = [];
        foreach (string order in orders)
        {
            foreach ((string type, string body, bool isAsync) in s_returns)
            {
                string name = "Debit" + members.Count;
                string modifiers = (members.Count % 2 == 0 ? "public " : "internal ") + (members.Count % 3 == 0 ? "static " : "") + (isAsync ? "async " : "");
                members.Add($"    {modifiers}partial {type} {name}({order}) {body}".Replace("DebitOutputs", name + "Outputs").Replace("DebitArgs", name + "Args"));
                hooks.Add($$"""
                    "debit{{hooks.Count}}": { "reference": "ledger.debit{{hooks.Count}}", "args": { "a": { "type": "int", "required": true } }, "outputs": { "b": { "type": "int", "required": true } } }
                    """);
            }
        }

        string spec = $$"""{ "name": "Wallet", "programs": {}, "hooks": { {{string.Join(",\n", hooks)}} } }""";
        Build.Of(spec, Wallet.Ledger(string.Join("\n", members)).Replace("namespace Wallet.Hooks", "namespace Wallet")).Run().MustBeClean();
    }

    [Theory]
    [InlineData("public partial global::System.Threading.Tasks.Task<DebitOutputs> Debit(DebitArgs args) => null!;")]
    [InlineData("public partial System.Threading.Tasks.ValueTask<Ledger.DebitOutputs> Debit(Wallet.Hooks.Ledger.DebitArgs args, global::Ryuso.HookContext context) => default;")]
    [InlineData("public partial T.Task<R> Debit(A args, Ct cancel, G global) => null!;")]
    [InlineData("public partial Work Debit(DebitArgs @class, global::Wallet.WalletPool @params) => null!;")]
    [InlineData("public virtual partial HookResult Debit(DebitArgs args) => default;", "public partial class Ledger")]
    [InlineData("static public partial HookResult Debit(DebitArgs args) => default;")]
    [InlineData("[System.Obsolete] [System.Diagnostics.DebuggerHidden] public partial HookResult Debit([System.Diagnostics.CodeAnalysis.DisallowNull] DebitArgs args) => default;")]
    [InlineData("protected internal partial HookResult Debit(DebitArgs args) => default;", "public partial class Ledger")]
    [InlineData("public unsafe partial HookResult Debit(DebitArgs args) => default;")]
    [InlineData("public override partial HookResult Debit(DebitArgs args) => default;", "public sealed partial class Ledger : Base")]
    [InlineData("public new partial void Hidden() { } public partial void Debit() { }", "public sealed partial class Ledger : Base", "hidden")]
    public void Names_may_be_written_in_any_way_and_modifiers_are_kept(string member, string declaration = "public sealed partial class Ledger", string notify = "notify")
    {
        string aliases = """
            using T = System.Threading.Tasks;
            using A = Wallet.Hooks.Ledger.DebitArgs;
            using R = Wallet.Hooks.Ledger.DebitOutputs;
            using Work = System.Threading.Tasks.Task<Ryuso.HookResult>;

            """;
        string more = """
            global using Ct = System.Threading.CancellationToken;
            global using G = Ryuso.HookContext;
            namespace Wallet.Hooks;
            /// <summary>A base.</summary>
            public abstract class Base
            {
                /// <summary>A method.</summary>
                public virtual global::Ryuso.HookResult Debit(Ledger.DebitArgs args) => default;
                /// <summary>A method.</summary>
                public void Hidden() { }
            }
            """;
        string source = aliases + Wallet.Ledger($"    {member}\n{(notify == "notify" ? Wallet.Notify : "")}", declaration);
        Build.Of(Wallet.Spec.Replace("ledger.notify", "ledger." + notify), source, more).Run().MustBeClean();
    }

    private const string Takes = "and a hook takes any of DebitArgs, WalletPool, HookContext and CancellationToken, in any order";
    private const string Gives = "and a hook returns DebitOutputs, HookResult, void, or a Task or ValueTask of these";

    [Theory]
    [InlineData("private partial void Debit(DebitArgs args) { }", 26, "it must be public or internal", "public partial void Debit(DebitArgs args)")]
    [InlineData("partial void Debit(DebitArgs args) { }", 18, "it must be public or internal", "public partial void Debit(DebitArgs args)")]
    [InlineData("private protected static partial void Debit() { }", 43, "it must be public or internal", "public static partial void Debit()")]
    [InlineData("public partial void Debit(DebitArgs args) { } public partial void Debit(DebitArgs args);", 25, "its defining part is generated; remove the one that you wrote", "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit<T>(DebitArgs args) { }", 25, "it must not be generic", "public partial void Debit(DebitArgs args)")]
    [InlineData("public async partial void Debit(DebitArgs args) { }", 31, "nobody can wait for 'async void'", "public async partial Task Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(ref DebitArgs args) { }", 25, "the parameter 'args' must stand without 'ref'", "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(in DebitArgs args) { }", 25, "the parameter 'args' must stand without 'in'", "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(HookContext c, out DebitArgs args) { args = default; }", 25, "the parameter 'args' must stand without 'out'", "public partial void Debit(HookContext c, DebitArgs args)")]
    [InlineData("public partial void Debit(params DebitArgs[] args) { }", 25, "the parameter 'args' has the type 'DebitArgs[]', " + Takes, "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(DebitArgs args, CancellationToken cancel = default) { }", 25, "the parameter 'cancel' must stand without a default value", "public partial void Debit(DebitArgs args, CancellationToken cancel)")]
    [InlineData("public partial void Debit(string from, long amount) { }", 25, "the parameter 'from' has the type 'string', " + Takes, "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(HookContext args, string from) { }", 25, "the parameter 'from' has the type 'string', " + Takes, "public partial void Debit(DebitArgs arguments, HookContext args)")]
    [InlineData("public partial void Debit(DebitArgs args, NotifyArgs more) { }", 25, "the parameter 'more' has the type 'NotifyArgs', " + Takes, "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(Other.DebitArgs args) { }", 25, "the parameter 'args' has the type 'Other.DebitArgs', " + Takes, "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(DebitArgs? args) { }", 25, "the parameter 'args' has the type 'DebitArgs?', " + Takes, "public partial void Debit(DebitArgs args)")]
    [InlineData("public partial void Debit(DebitArgs one, DebitArgs two) { }", 25, "it takes 'DebitArgs' twice", "public partial void Debit(DebitArgs one)")]
    [InlineData("public partial bool Debit(DebitArgs args) => true;", 25, "it returns 'bool', " + Gives, "public partial DebitOutputs Debit(DebitArgs args)")]
    [InlineData("public partial Task<bool> Debit(DebitArgs args) => null!;", 31, "it returns 'Task<bool>', " + Gives, "public partial Task<DebitOutputs> Debit(DebitArgs args)")]
    [InlineData("public partial ValueTask<Task> Debit() => default;", 36, "it returns 'ValueTask<Task>', " + Gives, "public partial ValueTask<DebitOutputs> Debit()")]
    [InlineData("public partial (bool, int) Debit(DebitArgs args) => default;", 32, "it returns '(bool, int)', " + Gives, "public partial DebitOutputs Debit(DebitArgs args)")]
    [InlineData("public async partial System.Collections.Generic.IAsyncEnumerable<int> Debit(DebitArgs args) { await Task.Yield(); yield break; }", 75, "it returns 'System.Collections.Generic.IAsyncEnumerable<int>', " + Gives, "public async partial Task<DebitOutputs> Debit(DebitArgs args)")]
    public void A_wrong_shape_is_told_at_the_method_with_the_nearest_right_one(string member, int column, string problem, string nearest)
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger($"    {member}\n{Wallet.Notify}")).Run();
        Assert.Equal([$"File0.cs(10,{column}): RYU202: The hook method 'Wallet.Hooks.Ledger.Debit' cannot be called: {problem}; write: {nearest}"], built.Told);
        Assert.Empty(built.CompilerInGenerated);
    }

    [Fact]
    public void Outputs_of_a_hook_that_declares_none_are_told()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n    public partial NotifyOutputs Notify(NotifyArgs args) => new();")).Run();
        Assert.Equal(
            ["File0.cs(11,34): RYU202: The hook method 'Wallet.Hooks.Ledger.Notify' cannot be called: it returns 'NotifyOutputs', and a hook returns void, HookResult, or a Task or ValueTask of these (it has no outputs record, since its key \"outputs\" is absent); write: public partial HookResult Notify(NotifyArgs args)"],
            built.Told);
    }

    [Fact]
    public void An_instance_method_in_a_static_class_is_told()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify.Replace("public", "public static"), "public static partial class Ledger")).Run();
        Assert.Equal(
            ["File0.cs(10,33): RYU202: The hook method 'Wallet.Hooks.Ledger.Debit' cannot be called: it must be static, as its class is; write: public static partial DebitOutputs Debit(DebitArgs args)"],
            built.Told);
        Assert.Null(built.Exception);
    }

    [Fact]
    public void Own_partial_methods_and_overloads_of_a_hook_class_are_nobody_s_business()
    {
        string own = """
                private partial void Log(string words);
                private partial void Log(string words) { }
                private partial void Debit(int amount);
                private partial void Debit(int amount) => Log(amount.ToString());
                partial void OnChanged(int value) { }
                partial void OnChanged(int value);
            """;
        Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n" + Wallet.Notify + "\n" + own)).Run().MustBeClean();
    }
}
