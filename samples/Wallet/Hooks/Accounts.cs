using Ryuso;

namespace Wallet.Hooks;

/// <summary>Accounts: opening, finding, reading.</summary>
public sealed partial class Accounts(WalletDb db)
{
    public partial OpenOutputs Open(OpenArgs args)
    {
        if (string.IsNullOrWhiteSpace(args.Account))
        {
            throw new HookFailedException("An account needs a name.");
        }

        return db.TryOpen(args.Tx, args.Account, args.Owner)
            ? new OpenOutputs(0)
            : throw new HookFailedException($"There is already an account '{args.Account}'.");
    }

    public partial void Close(CloseArgs args) => db.Close(args.Tx);

    public partial HookResult FindFrom(FindFromArgs args) => Find(args.From);

    public partial HookResult FindTo(FindToArgs args) => Find(args.To);

    public partial HookResult CheckFunds(CheckFundsArgs args) =>
        db.Balance(args.From) >= args.Amount ? HookResult.Ok : HookResult.Fail($"The account '{args.From}' has less than {args.Amount} cents.");

    public partial ChooseAllOutputs ChooseAll(ChooseAllArgs args)
    {
        long all = BalanceOf(args.Account);
        return all > 0 ? new(args.Account, all) : throw new HookFailedException($"The account '{args.Account}' is empty.");
    }

    public partial ReadStatementOutputs ReadStatement(ReadStatementArgs args) =>
        new(BalanceOf(args.Account), db.Entries(args.Account, args.Limit));

    private HookResult Find(string account) =>
        db.Balance(account) is null ? HookResult.Fail(NoAccount(account)) : HookResult.Ok;

    private long BalanceOf(string account) =>
        db.Balance(account) ?? throw new HookFailedException(NoAccount(account));

    private static string NoAccount(string account) => $"There is no account '{account}'.";
}
