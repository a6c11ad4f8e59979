using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Ryuso.Generator.Tests;

/// <summary>What a hook class of a keyed spec keeps between calls (RYU207).</summary>
public class SharedStateTests
{
    private const string Usings = "using System; using System.Collections.Concurrent; using System.Collections.Generic; using System.Linq; using System.Text;\n";
    private static readonly string s_keyed = Wallet.Spec.Replace("\"description\": \"Moves money.\",", "\"key\": \"from\",", StringComparison.Ordinal);

    [Theory]
    [InlineData("private int _served; void More() => _served++;", "field '_served' can be assigned by each of them; make it readonly, use Interlocked for every use of it")]
    [InlineData("private int _served;", "field '_served' can be assigned by each of them")]
    [InlineData("private static string? s_last; static void More() => s_last = \"x\";", "field 's_last' can be assigned by each of them")]
    [InlineData("public int Served { get; set; }", "property 'Served' can be assigned by each of them; remove its setter")]
    [InlineData("private readonly HashSet<string> _reserved = []; bool Take(string x) => _reserved.Add(x);",
        "field '_reserved' is a HashSet<string>, which two runs at once can break; use a ConcurrentDictionary whose values are ignored")]
    [InlineData("private static readonly List<int> s_all = []; void More() { s_all[0] = 1; }", "field 's_all' is a List<int>, which two runs at once can break; use a ConcurrentQueue or ConcurrentBag")]
    [InlineData("private readonly Dictionary<string, long> _sums = new(); void More() => _sums[\"a\"] += 1;", "field '_sums' is a Dictionary<string, long>, which two runs at once can break; use a ConcurrentDictionary")]
    [InlineData("private readonly Dictionary<string, List<int>> _lists = new(); void More() => _lists[\"a\"].Add(1);", "field '_lists' is a Dictionary<string, List<int>>")]
    [InlineData("private List<int> All { get; } = []; void More() => All.Add(1);", "property 'All' is a List<int>")]
    [InlineData("public readonly Queue<int> Waiting = new();", "field 'Waiting' is a Queue<int>")]
    [InlineData("private readonly StringBuilder _text = new(); void More() => _text.Append('x');", "field '_text' is a StringBuilder, which two runs at once can break; use a local variable")]
    [InlineData("private readonly Random _dice = new(7); int More() => _dice.Next();", "field '_dice' is a Random, which two runs at once can break; use Random.Shared")]
    [InlineData("private readonly long[] _sums = new long[9]; void More() => _sums[3]++;", "field '_sums' is a long[], which two runs at once can break; use a concurrent collection")]
    [InlineData("private readonly List<int> _all = []; object More() => _all;", "field '_all' is a List<int>")]
    [InlineData("private readonly List<int>? _all = []; void More() => _all?.Add(1);", "field '_all' is a List<int>")]
    [InlineData("private readonly object _gate = new(); private int _n; void More() { lock (_gate) { _n++; } } int Less() => _n--;", "field '_n' can be assigned by each of them")]
    [InlineData("private readonly object _gate = new(); private readonly List<int> _all = []; void More() { lock (_gate) { Action add = () => _all.Add(1); } }", "field '_all' is a List<int>")]
    [InlineData("private volatile int _n; void More() => _n++;", "field '_n' can be assigned by each of them")]
    [InlineData("private readonly List<int> _all; public Ledger() { _all = []; Action later = () => _all.Add(1); }", "field '_all' is a List<int>")]
    [InlineData("private int _a; private readonly int _b; void More() { (_a, _) = (1, 2); }", "field '_a' can be assigned by each of them")]
    public async Task State_that_two_runs_can_break_is_a_warning(string member, string expected)
    {
        Diagnostic found = Assert.Single(await FindAsync(s_keyed, Wallet.Ledger(member)));
        Assert.Equal(DiagnosticSeverity.Warning, found.Severity);
        Assert.StartsWith("Several runs use 'Wallet.Hooks.Ledger' at once, and its " + expected, found.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.EndsWith(", guard every use with a lock, or keep the value in the pool", found.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("private const int Most = 3;")]
    [InlineData("private readonly int _most = 3; private static readonly string s_name = \"x\"; public int Most { get; } = 3; public int Least { get; init; }")]
    [InlineData("private readonly ConcurrentDictionary<string, int> _sums = new(); private ConcurrentQueue<int> _all = new();")]
    [InlineData("private readonly SemaphoreSlim _gate = new(1); private readonly Lock _lock = new();")]
    [InlineData("private int _n; void More() => Interlocked.Increment(ref _n); int Read() => Volatile.Read(ref _n);")]
    [InlineData("private volatile bool _isOpen; void Open() => _isOpen = true; bool Ask() => _isOpen;")]
    [InlineData("private readonly object _gate = new(); private int _n; void More() { lock (_gate) { _n++; } }")]
    [InlineData("private readonly List<int> _all = []; void More() { lock (_all) { _all.Add(1); } }")]
    [InlineData("private readonly Lock _gate = new(); private readonly HashSet<int> _all = []; void More() { lock (_gate) { if (_all.Count < 3) { _all.Add(1); } } }")]
    [InlineData("private static readonly Dictionary<string, int> s_prices = new() { [\"a\"] = 1 }; int Price(string x) => s_prices.TryGetValue(x, out int p) ? p : s_prices[\"a\"];")]
    [InlineData("private readonly List<int> _all = []; public Ledger() { _all.Add(1); } int Sum() { int sum = _all.Count; foreach (int x in _all) { sum += x; } return sum + _all.Sum() + _all.Where(x => x > 1).Count(); }")]
    [InlineData("private readonly List<int> _all = []; IReadOnlyList<int> All() => _all; int[] Copy() => [.. _all];")]
    [InlineData("private static readonly char[] s_separators = [',']; string[] Split(string x) => x.Split(s_separators); char First() => s_separators[0];")]
    [InlineData("private readonly Random _dice = Random.Shared; int More() => _dice.Next();")]
    [InlineData("[ThreadStatic] private static StringBuilder? t_text; void More() => (t_text ??= new()).Append('x');")]
    [InlineData("public event Action? Served;")]
    [InlineData("private readonly ILedger _ledger = null!; interface ILedger;")]
    public async Task State_that_several_runs_may_share_is_accepted(string member) => Assert.Empty(await FindAsync(s_keyed, Wallet.Ledger(member)));

    [Theory]
    [InlineData("(int start)", "int More() => start++;", "parameter 'start' can be assigned by each of them; assign to a local variable instead")]
    [InlineData("(List<int> all)", "void More() => all.Add(1);", "parameter 'all' is a List<int>")]
    [InlineData("(int start)", "int More() => start;", null)]
    [InlineData("(List<int> all)", "private readonly int _n = all.Count;", null)]
    public async Task Constructor_parameter_that_a_method_uses_is_a_field(string parameters, string member, string? expected)
    {
        ImmutableArray<Diagnostic> found = await FindAsync(s_keyed, Wallet.Ledger(member, "public sealed partial class Ledger" + parameters));
        Assert.Equal(expected is null ? 0 : 1, found.Length);
        Assert.All(found, f => Assert.Contains(expected!, f.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Field_of_a_base_class_and_of_another_part_is_reported_where_it_stands()
    {
        ImmutableArray<Diagnostic> found = await FindAsync(
            s_keyed,
            Wallet.Ledger("", "public sealed partial class Ledger : Kept"),
            "namespace Wallet.Hooks;\npublic abstract class Kept { private int _n; }",
            "namespace Wallet.Hooks;\npublic partial class Ledger { private int _m; }\npublic class Other { private int _o; }");
        Assert.Equal(
            ["File1.cs(2,42): RYU207: Several runs use 'Wallet.Hooks.Ledger' at once, and its field '_n'", "File2.cs(2,43): RYU207: Several runs use 'Wallet.Hooks.Ledger' at once, and its field '_m'"],
            found.Select(f => Built.Text(f).Split(" can ")[0]));
    }

    [Fact]
    public async Task Spec_without_keys_keeps_its_fields() => Assert.Empty(await FindAsync(Wallet.Spec, Wallet.Ledger("private int _served;")));

    [Fact]
    public async Task Key_that_holds_nothing_lets_runs_meet_too() =>
        Assert.Single(await FindAsync(s_keyed.Replace("\"key\": \"from\"", "\"key\": []", StringComparison.Ordinal), Wallet.Ledger("private int _served;")));

    [Fact]
    public async Task Pragma_turns_it_off() =>
        Assert.Empty(await FindAsync(s_keyed, Wallet.Ledger("#pragma warning disable RYU207 // A semaphore guards it.\n    private int _served;\n#pragma warning restore RYU207")));

    private static async Task<ImmutableArray<Diagnostic>> FindAsync(string spec, params string[] sources)
    {
        Build build = Build.Of(spec, [.. sources.Select(s => Usings + s).Select((s, i) => i == 0 ? s : s[Usings.Length..])]);
        ImmutableArray<Diagnostic> all = await build.Run().Output
            .WithAnalyzers([new SharedStateAnalyzer()], new AnalyzerOptions(build.Texts))
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(all, d => d.Id == "AD0001");
        return [.. all.OrderBy(d => d.Location.GetLineSpan().Path, StringComparer.Ordinal)];
    }
}
