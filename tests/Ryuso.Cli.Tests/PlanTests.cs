using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso plan</c>: the line and its ways back.</summary>
public sealed class PlanTests
{
    [Fact]
    public async Task A_program_is_shown_as_a_tree_with_the_way_back_from_each_step()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "pay_out_all");
        Assert.Equal(
            """
            pay_out_all  Pays out all that is on an account, and answers with the last
                         statement. If the owner cannot be told, the payout is cancelled.
            holds        account
            takes        account string
            gives        amount int, payout string, balance int, entries list

            9 steps in the order of their numbers; what hangs below a hook runs before it
            ├── 1 choose_all
            ├── program withdraw
            │   ├── 2 begin
            │   ├── 6 debit  ← undo_debit
            │   │   ├── 3 check_amount
            │   │   └── 5 check_funds
            │   │       └── 4 find_from
            │   └── 7 pay_out  ← cancel_payout  (at most 10 s, reverses itself)
            ├── program statement
            │   └── 8 read_statement
            └── 9 notify

            if one of steps 1 to 6 fails:                           nothing to reverse
            if one of steps 7 to 9 fails, or an output is missing:  cancel_payout, then
                                                                    undo_debit

            """,
            tool.Output);
        Assert.Equal((0, ""), (tool.ExitCode, tool.Error));
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(6, "")]
    [InlineData(7, "7 hooks.pay_out: hooks.cancel_payout; 6 hooks.debit: hooks.undo_debit")]
    [InlineData(9, "7 hooks.pay_out: hooks.cancel_payout; 6 hooks.debit: hooks.undo_debit")]
    public async Task A_script_is_told_what_is_reversed_when_a_step_fails(int step, string expected)
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "pay_out_all", "--json");
        JsonNode way = tool.Json["ways_back"]!.AsArray().Single(w => (int?)w!["step"] == step)!;
        IEnumerable<string> reversed = way["reversed"]!.AsArray().Select(r => $"{r!["step"]} {r["hook"]}: {string.Join(", ", r["rectifiers"]!.AsArray())}");
        Assert.Equal(expected, string.Join("; ", reversed));
    }

    [Fact]
    public async Task A_script_is_told_each_steps_method_and_whom_it_serves()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "pay_out_all", "--json");
        IEnumerable<string> steps = tool.Json["steps"]!.AsArray().Select(s => $"{s!["step"]} {s["method"]} for {s["dependency_of"]?.ToString() ?? "-"} in [{string.Join(", ", s["within"]!.AsArray())}]");
        Assert.Equal(
            [
                "1 Wallet.Hooks.Accounts.ChooseAll for - in []",
                "2 Wallet.Hooks.Ledger.Begin for - in [programs.withdraw]",
                "3 Wallet.Hooks.Ledger.CheckAmount for 6 in [programs.withdraw]",
                "4 Wallet.Hooks.Accounts.FindFrom for 5 in [programs.withdraw]",
                "5 Wallet.Hooks.Accounts.CheckFunds for 6 in [programs.withdraw]",
                "6 Wallet.Hooks.Ledger.Debit for - in [programs.withdraw]",
                "7 Wallet.Hooks.Payouts.PayOut for - in [programs.withdraw]",
                "8 Wallet.Hooks.Accounts.ReadStatement for - in [programs.statement]",
                "9 Wallet.Hooks.Notices.Notify for - in []",
            ],
            steps);
    }

    [Fact]
    public async Task Without_a_program_all_are_shown()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "--json");
        Assert.Equal(["open_account", "deposit", "transfer", "withdraw", "pay_out_all", "statement"], tool.Json.AsArray().Select(p => (string?)p!["program"]));
    }

    [Fact]
    public async Task A_mistyped_program_is_wrong_usage_and_the_near_one_is_named()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "tranfser");
        Assert.Equal((2, "", "ryuso: There is no program 'tranfser' in ryu_spec.json. Did you mean 'transfer'?\n"), (tool.ExitCode, tool.Output, tool.Error));
    }

    [Fact]
    public async Task A_broken_program_has_no_plan_and_its_errors_are_told()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder.File("ryu_spec.json"),
            """{ "name": "T", "programs": { "p": { "hooks": ["hooks.gone"], "args": {}, "outputs": {} } }, "hooks": {} }""",
            TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(folder.FullPath, "plan", "p");
        Assert.Equal((1, ""), (tool.ExitCode, tool.Output));
        Assert.StartsWith("ryu_spec.json(1,47): error RYU105: ", tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spec_without_programs_has_nothing_to_show()
    {
        Tool tool = await Tool.RunAsync(Repository.Root, "plan", "--spec", "tests/Ryuso.Spec.Tests/Corpus/good/smallest.ryu.json");
        Assert.Equal((2, "", "ryuso: tests/Ryuso.Spec.Tests/Corpus/good/smallest.ryu.json has no programs yet.\n"), (tool.ExitCode, tool.Output, tool.Error));
    }

    [Fact]
    public async Task Nothing_is_wider_than_80_columns()
    {
        foreach (string spec in Directory.GetFiles(Repository.File("tests/Ryuso.Spec.Tests/Corpus/good")).Append(Path.Combine(Tool.Wallet, "ryu_spec.json")))
        {
            Tool tool = await Tool.RunAsync(Tool.Wallet, "plan", "--spec", spec);
            Assert.Equal(spec.EndsWith("smallest.ryu.json", StringComparison.Ordinal) ? 2 : 0, tool.ExitCode);
            Assert.All(tool.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        }
    }
}
