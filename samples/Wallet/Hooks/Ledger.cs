using Ryuso;

namespace Wallet.Hooks;

/// <summary>Everything that moves money inside the wallet. Each way forward has its way back.</summary>
public sealed partial class Ledger(WalletDb db)
{
    private const long LargestAmount = 100_000_000_000;

    public static partial BeginOutputs Begin() => new(Guid.CreateVersion7().ToString("N"));

    public static partial HookResult CheckAmount(CheckAmountArgs args) =>
        args.Amount is >= 1 and <= LargestAmount ? HookResult.Ok : HookResult.Fail($"An amount is between 1 and {LargestAmount} cents, not {args.Amount}.");

    public partial DepositOutputs Deposit(DepositArgs args) =>
        new(Book(args.Tx, "deposit", args.To, args.Amount, ""));

    public partial void UndoDeposit(UndoDepositArgs args) => db.Undo(args.Tx, "deposit");

    public partial DebitOutputs Debit(DebitArgs args) =>
        new(Book(args.Tx, "debit", args.From, -args.Amount, args.Note));

    public partial void UndoDebit(UndoDebitArgs args) => db.Undo(args.Tx, "debit");

    public partial CreditOutputs Credit(CreditArgs args) =>
        new(Book(args.Tx, "credit", args.To, args.Amount, args.Note));

    public partial void UndoCredit(UndoCreditArgs args) => db.Undo(args.Tx, "credit");

    private long Book(string tx, string kind, string account, long amount, string note) =>
        db.Book(tx, kind, account, amount, note) ?? throw new HookFailedException($"The {kind} of {Math.Abs(amount)} cents on '{account}' cannot be booked.");
}
