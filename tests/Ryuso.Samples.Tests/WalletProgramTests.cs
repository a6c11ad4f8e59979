using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Wallet;

namespace Ryuso.Samples.Tests;

public class WalletProgramTests
{
    [Fact]
    public async Task An_account_is_opened_once()
    {
        using var wallet = new TestWallet();

        ProgramResult<OpenAccountOutputs> first = await wallet.Orchestrator.OpenAccountAsync(new("alice") { Owner = "Alice" }, TestContext.Current.CancellationToken);
        ProgramResult<OpenAccountOutputs> second = await wallet.Orchestrator.OpenAccountAsync(new("alice"), TestContext.Current.CancellationToken);

        Assert.Equal(new("alice", 0), first.Outputs);
        Assert.Equal("There is already an account 'alice'.", second.Error);
    }

    [Fact]
    public async Task A_deposit_is_put_on_the_account()
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult<DepositOutputs> result = await wallet.Orchestrator.DepositAsync(new("alice", 100), TestContext.Current.CancellationToken);

        Assert.Equal(2600, result.Outputs!.ToBalance);
        Assert.Equal(2600, wallet.Db.Balance("alice"));
        wallet.AssertAddsUp();
    }

    [Fact]
    public async Task A_transfer_moves_money_and_stands_in_both_statements()
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult<TransferOutputs> moved = await wallet.Orchestrator.TransferAsync(new("alice", "bob", 700) { Note = "lunch" }, TestContext.Current.CancellationToken);
        ProgramResult<StatementOutputs> alice = await wallet.Orchestrator.StatementAsync(new("alice") { Limit = 1 }, TestContext.Current.CancellationToken);
        ProgramResult<StatementOutputs> bob = await wallet.Orchestrator.StatementAsync(new("bob") { Limit = 1 }, TestContext.Current.CancellationToken);

        Assert.Equal(new(moved.Outputs!.Tx, 1800, 1200), moved.Outputs);
        Assert.Equal(("debit", -700, "lunch"), Newest(alice));
        Assert.Equal(("credit", 700, "lunch"), Newest(bob));
        wallet.AssertAddsUp();
    }

    [Fact]
    public async Task A_withdrawal_is_paid_out_by_the_gateway()
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult<WithdrawOutputs> result = await wallet.Orchestrator.WithdrawAsync(new("alice", 400), TestContext.Current.CancellationToken);

        Assert.Equal(new(result.Outputs!.Tx, 400, 2100, "local-" + result.Outputs.Tx), result.Outputs);
        Assert.Equal(400, wallet.Db.Totals().Payouts);
        wallet.AssertAddsUp();
    }

    [Fact]
    public async Task Paying_out_all_leaves_nothing_and_answers_with_the_statement()
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult<PayOutAllOutputs> result = await wallet.Orchestrator.PayOutAllAsync(new("alice"), TestContext.Current.CancellationToken);
        ProgramResult<PayOutAllOutputs> again = await wallet.Orchestrator.PayOutAllAsync(new("alice"), TestContext.Current.CancellationToken);

        Assert.Equal((2500, 0), (result.Outputs!.Amount, result.Outputs.Balance));
        Assert.Equal(["debit", "deposit"], result.Outputs.Entries.Select(e => (string)e!["kind"]!));
        Assert.Equal("The account 'alice' is empty.", again.Error);
        wallet.AssertAddsUp();
    }

    [Theory]
    [InlineData("deposit", """{"to": "alice", "amount": 100}""", "notifier_down", "hooks.notify", "hooks.deposit")]
    [InlineData("transfer", """{"from": "alice", "to": "bob", "amount": 100}""", "notifier_down", "hooks.notify", "hooks.credit hooks.debit")]
    [InlineData("withdraw", """{"from": "alice", "amount": 100}""", "gateway_down", "hooks.pay_out", "hooks.pay_out hooks.debit")]
    [InlineData("pay_out_all", """{"account": "alice"}""", "gateway_down", "hooks.pay_out", "hooks.pay_out hooks.debit")]
    [InlineData("pay_out_all", """{"account": "alice"}""", "notifier_down", "hooks.notify", "hooks.pay_out hooks.debit")]
    public async Task A_failing_flag_leaves_the_balances_as_they_were_and_the_answer_says_what_was_reversed(
        string program, string dataPool, string flag, string failed, string reversed)
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult result = await wallet.RunAsync(program, JsonNode.Parse(dataPool)!.AsObject(), flag);

        Assert.False(result.IsSuccess);
        Assert.False(result.IsStuck);
        Assert.Equal(failed, (string)result.Answer["_last_failed_program"]!);
        Assert.Equal(reversed.Split(' '), result.Answer["_rectified"]!.AsArray().Select(r => (string)r!));
        Assert.Equal((2500, 500), (wallet.Db.Balance("alice"), wallet.Db.Balance("bob")));
        wallet.AssertAddsUp();
    }

    [Theory]
    [InlineData("deposit", """{"to": "carol", "amount": 100}""", "There is no account 'carol'.")]
    [InlineData("deposit", """{"to": "alice", "amount": 0}""", "An amount is between 1 and 100000000000 cents, not 0.")]
    [InlineData("transfer", """{"from": "alice", "to": "carol", "amount": 100}""", "There is no account 'carol'.")]
    [InlineData("transfer", """{"from": "bob", "to": "alice", "amount": 501}""", "The account 'bob' has less than 501 cents.")]
    [InlineData("withdraw", """{"from": "carol", "amount": 100}""", "There is no account 'carol'.")]
    [InlineData("pay_out_all", """{"account": "carol"}""", "There is no account 'carol'.")]
    [InlineData("statement", """{"account": "carol"}""", "There is no account 'carol'.")]
    [InlineData("open_account", """{"account": " "}""", "An account needs a name.")]
    public async Task What_cannot_be_done_is_refused_in_words(string program, string dataPool, string error)
    {
        using TestWallet wallet = await TestWallet.WithAliceAndBobAsync();

        ProgramResult result = await wallet.RunAsync(program, JsonNode.Parse(dataPool)!.AsObject());

        Assert.Equal(error, result.Error);
        Assert.Equal((2500, 500), (wallet.Db.Balance("alice"), wallet.Db.Balance("bob")));
        wallet.AssertAddsUp();
    }

    [Fact]
    public void The_SQLite_that_is_shipped_is_free_of_the_bug_that_loses_what_is_in_the_write_ahead_log()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        Assert.True(new Version(connection.ServerVersion) >= new Version(3, 51, 3), connection.ServerVersion);
    }

    private static (string, long, string) Newest(ProgramResult<StatementOutputs> statement)
    {
        JsonNode entry = Assert.Single(statement.Outputs!.Entries)!;
        return ((string)entry["kind"]!, (long)entry["amount"]!, (string)entry["note"]!);
    }
}
