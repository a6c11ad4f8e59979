using System.Reflection;
using System.Text.RegularExpressions;
using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>Bugs planted in copies of the wallet. Each must be found, by the verbs that the README names for it and by no other.</summary>
public sealed partial class PlantedBugTests
{
    private static readonly (string Verb, string Test)[] s_verbs =
    [
        ("FailEachStep", "Whichever_step_fails_everything_is_undone"),
        ("RepeatEachStep", "A_step_done_twice_is_done_once"),
        ("RepeatEachRectifier", "A_step_undone_twice_is_undone_once"),
        ("CrashAtEachPoint", "Wherever_the_process_ends_the_run_is_done_or_undone"),
    ];

    private static readonly Dictionary<string, (string Program, Func<WalletCopy, WalletCopy> Plant)> s_bugs = new()
    {
        ["A rectifier is forgotten"] = ("transfer", w => w
            .With("""
                "dependencies": ["hooks.find_to"],
                      "rectifiers": ["hooks.undo_credit"]
                """, """
                "dependencies": ["hooks.find_to"]
                """)),
        ["A dependency has an effect and no rectifier"] = ("transfer", w => w
            .With("""["hooks.begin", "hooks.debit", "hooks.credit", "hooks.notify"]""", """["hooks.begin", "hooks.credit", "hooks.notify"]""")
            .With("""
                "dependencies": ["hooks.find_to"],
                """, """
                "dependencies": ["hooks.find_to", "hooks.debit"],
                """)
            .With("""
                "dependencies": ["hooks.check_amount", "hooks.check_funds"],
                      "rectifiers": ["hooks.undo_debit"]
                """, """
                "dependencies": ["hooks.check_amount", "hooks.check_funds"]
                """)),
        ["Rectifiers stand in the wrong order"] = ("transfer", w => WithForget(w, """["hooks.forget", "hooks.undo_credit"]""")),
        ["A refund pays twice when it is asked twice"] = ("transfer", w => w
            .With(""" AND NOT EXISTS (SELECT 1 FROM ledger WHERE tx = $tx AND kind = $undo)""", "")
            .With("""string undo = "undo_" + kind;""", """string undo = "undo_" + kind + Guid.NewGuid();""")),
        ["A rectifier throws where there is nothing to undo"] = ("transfer", w => w
            .With("""
                            if (account is null)
                            {
                                return;
                            }
                """, """
                            if (account is null)
                            {
                                throw new InvalidOperationException("There is nothing to undo.");
                            }
                """)),
        ["A rectifier undoes what other runs did"] = ("withdraw", w => w
            .With("UPDATE payouts SET cancelled = 1 WHERE tx = $tx", "UPDATE payouts SET cancelled = 1")),
        ["A rectifier undoes a step that refused to run"] = ("open_account that there is", w => w
            .With("db.Close(args.Tx)", "db.Close(args.Account)")
            .With("if (OpenedBy(tx) is { } account)", "if (tx is { } account)")
            .With("""
                if nothing was booked on it since.",
                      "args": { "tx"
                """, """
                if nothing was booked on it since.",
                      "args": { "account"
                """)),
        ["A rectifier needs what its step writes at its end"] = ("transfer", w => w
            .With("""
                "description": "Gives the payer the money back, once.",
                      "args": {
                """, """
                "description": "Gives the payer the money back, once.",
                      "args": { "from_balance": { "type": "int", "required": true },
                """)),
        ["A field holds what the pool should"] = ("transfer", w => w
            .With("db.Undo(args.Tx, \"debit\");", "db.Undo(_tx ?? \"\", \"debit\");")
            .With("new(Book(args.Tx, \"debit\", args.From, -args.Amount, args.Note));", "new(Book(_tx = args.Tx, \"debit\", args.From, -args.Amount, args.Note));\n\n    private string? _tx;")),
        ["A step with retry has its effect twice"] = ("transfer", w => w
            .With("if (IsBooked(tx, kind))", "if (tx.Length == 0)")
            .With(",\n            UNIQUE (tx, kind)", "")
            .With("""
                "description": "Puts the money on the receiving account.",
                """, """
                "description": "Puts the money on the receiving account.", "retry": { "attempts": 3, "delay_ms": 100 },
                """)),
        ["The gateway is not given the idempotency key"] = ("withdraw", w => w
            .With("context.IdempotencyKey", "Guid.NewGuid().ToString()")
            .With("tx        TEXT NOT NULL UNIQUE", "tx        TEXT NOT NULL")),
        ["A hook commits before it checks"] = ("transfer of too much", w => w
            .With(" AND balance + $amount >= 0", "")
            .With("""["hooks.check_amount", "hooks.check_funds"]""", """["hooks.check_amount", "hooks.find_from"]""")
            .With("new(Book(args.Tx, \"debit\", args.From, -args.Amount, args.Note));", """
                Book(args.Tx, "debit", args.From, -args.Amount, args.Note) is var left and >= 0 ? new(left) : throw new HookFailedException("There is not enough.");
                """)),
        ["A hook swallows an exception"] = ("withdraw from a gateway that refuses", w => w
            .With("return new PayOutOutputs(await gateway.PayAsync(context.IdempotencyKey, args.Tx, args.From, args.Amount, cancel));", """
                try
                {
                    return new PayOutOutputs(await gateway.PayAsync(context.IdempotencyKey, args.Tx, args.From, args.Amount, cancel));
                }
                catch (HttpRequestException)
                {
                    return new PayOutOutputs("unknown");
                }
                """)),
        ["A step whose answer may be lost does not undo itself"] = ("withdraw from a gateway whose answer is lost", w => w
            .With("\"rectify_self\": true,", "")),
    };

    public static TheoryData<string> Bugs => [.. s_bugs.Keys];

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task A_planted_bug_is_found_by_the_verbs_that_the_README_names(string bug)
    {
        Type tests = TestsOf(s_bugs[bug].Plant(new WalletCopy()));
        List<string> found = [];
        foreach ((string verb, string test) in s_verbs)
        {
            if (await ViolationAsync(tests, test, s_bugs[bug].Program) is { } violation)
            {
                found.Add(verb);
                TestContext.Current.TestOutputHelper!.WriteLine(violation.Message + "\n");
            }
        }

        Assert.Equal(InReadme().Single(row => row.Bug == bug).Verbs, found);
    }

    [Fact]
    public void The_README_names_no_other_bugs() => Assert.Equal(s_bugs.Keys.Order(), InReadme().Select(row => row.Bug).Order());

    [Fact]
    public async Task Nothing_is_found_in_the_wallet_as_it_is()
    {
        Type tests = TestsOf(new WalletCopy());
        string[] programs = [.. ((TheoryData<string>)tests.GetProperty("Programs")!.GetValue(null)!).Select(row => row.Data)];
        foreach (string program in programs)
        {
            foreach ((_, string test) in s_verbs)
            {
                Assert.Null(await ViolationAsync(tests, test, program));
            }
        }

        Assert.Equal(11, programs.Length);
    }

    [Fact]
    public async Task Nothing_is_found_where_the_rectifiers_of_the_wrong_order_stand_in_the_right_one()
    {
        Type tests = TestsOf(WithForget(new WalletCopy(), """["hooks.undo_credit", "hooks.forget"]"""));
        foreach ((_, string test) in s_verbs)
        {
            Assert.Null(await ViolationAsync(tests, test, "transfer"));
        }
    }

    /// <summary>Gives the credit a second rectifier, that removes the booking which the first one looks up.</summary>
    private static WalletCopy WithForget(WalletCopy wallet, string rectifiers) => wallet
        .With("""["hooks.undo_credit"]""", rectifiers)
        .With("\"undo_credit\": {", """
            "forget": {
              "reference": "wallet.hooks.ledger.forget",
              "args": { "tx": { "type": "string", "required": true } }
            },
            "undo_credit": {
            """)
        .With("    private long Book(", "    public partial void Forget(ForgetArgs args) => db.Forget(args.Tx);\n\n    private long Book(")
        .With("    private long? ReadBalance(", """
                public void Forget(string tx) => Execute("DELETE FROM ledger WHERE tx = $tx AND kind = 'credit'", ("$tx", tx));

                private long? ReadBalance(
            """);

    private static Type TestsOf(WalletCopy wallet) => wallet.Compile().GetType("Ryuso.Samples.Tests.WalletTests", throwOnError: true)!;

    private static async Task<ProgramTestException?> ViolationAsync(Type tests, string test, string program)
    {
        try
        {
            await (Task)tests.GetMethod(test, BindingFlags.Public | BindingFlags.Instance)!.Invoke(Activator.CreateInstance(tests), [program])!;
            return null;
        }
        catch (ProgramTestException violation)
        {
            return violation;
        }
    }

    /// <summary>The rows of the README's table of bugs.</summary>
    private static IEnumerable<(string Bug, string[] Verbs)> InReadme() =>
        Row().Matches(File.ReadAllText(Repository.File("src/Ryuso.Testing/README.md")))
            .Select(row => (row.Groups[1].Value, row.Groups[2].Value == "every verb" ? s_verbs.Select(v => v.Verb).ToArray() : row.Groups[2].Value.Replace("`", "", StringComparison.Ordinal).Split(", ")));

    [GeneratedRegex(@"^\| (An? .*|The .*|Rectifiers .*) \| (every verb|`.*`) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
