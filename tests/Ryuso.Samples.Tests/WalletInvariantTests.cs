using System.Text.Json.Nodes;
using CsCheck;

namespace Ryuso.Samples.Tests;

public class WalletInvariantTests
{
    private static readonly string[] s_accounts = ["alice", "bob", "carol"];

    private static readonly Gen<Call> s_call = Gen.Select(
        Gen.OneOf("open_account", "deposit", "deposit", "transfer", "transfer", "withdraw", "pay_out_all", "statement"),
        Gen.OneOf(s_accounts),
        Gen.OneOf(s_accounts),
        Gen.Frequency((20, Gen.Long[1, 500]), (1, Gen.Long[-2, 0])),
        Gen.OneOf<string?>(null, null, null, "notifier_down", "gateway_down"),
        Gen.Frequency(
            (30, GatewayFault.None),
            (5, GatewayFault.BeforePaying),
            (5, GatewayFault.AfterPaying),
            (1, GatewayFault.AfterPayingAndAtFirstCancel)),
        (program, one, other, amount, flag, fault) => new Call(program, one, other, amount, flag, fault));

    [Fact]
    public Task Whatever_fails_every_balance_is_what_the_successful_calls_made_it_and_the_sum_is_deposits_minus_payouts() =>
        s_call.Array[60].SampleAsync(
            async calls =>
            {
                using var wallet = new TestWallet();
                var expected = new Dictionary<string, long>();
                foreach (Call call in calls)
                {
                    wallet.Gateway.Fault = call.Fault;
                    ProgramResult result = await wallet.RunAsync(call.Program, call.DataPool, call.Flag);

                    Assert.Equal(call.TryOn(expected), result.IsSuccess);
                    Assert.False(result.IsStuck || result.IsRejected, result.Error);
                    Assert.All(s_accounts, account => Assert.Equal(expected.TryGetValue(account, out long b) ? b : null, wallet.Db.Balance(account)));
                    wallet.AssertAddsUp();
                }
            },
            iter: 100);

    /// <summary>One request, and what it does to the balances, told without steps and reversals.</summary>
    private sealed record Call(string Program, string One, string Other, long Amount, string? Flag, GatewayFault Fault)
    {
        private bool CanTell => Flag != "notifier_down";

        private bool CanPay => Flag != "gateway_down" && Fault == GatewayFault.None;

        public JsonObject DataPool => Program switch
        {
            "deposit" => new() { ["to"] = One, ["amount"] = Amount },
            "transfer" => new() { ["from"] = One, ["to"] = Other, ["amount"] = Amount },
            "withdraw" => new() { ["from"] = One, ["amount"] = Amount },
            _ => new() { ["account"] = One },
        };

        public bool TryOn(Dictionary<string, long> balances)
        {
            if (Program == "open_account")
            {
                return balances.TryAdd(One, 0);
            }

            if (!balances.TryGetValue(One, out long balance))
            {
                return false;
            }

            switch (Program)
            {
                case "statement":
                    return true;
                case "deposit" when Amount > 0 && CanTell:
                    balances[One] += Amount;
                    return true;
                case "transfer" when Amount > 0 && Amount <= balance && balances.ContainsKey(Other) && CanTell:
                    balances[One] -= Amount;
                    balances[Other] += Amount;
                    return true;
                case "withdraw" when Amount > 0 && Amount <= balance && CanPay:
                    balances[One] -= Amount;
                    return true;
                case "pay_out_all" when balance > 0 && CanPay && CanTell:
                    balances[One] = 0;
                    return true;
                default:
                    return false;
            }
        }
    }
}
