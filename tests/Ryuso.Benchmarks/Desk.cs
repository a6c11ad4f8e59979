using Ryuso;

namespace Bank;

/// <summary>A bank that costs nothing, so that what is measured is all around it.</summary>
public sealed partial class Desk
{
    private long _from = 1_000_000;
    private long _to = 1_000_000;

    public static partial CheckOutputs Check(CheckArgs args) => new(args.Urgent ? args.Amount * args.Rate : 0.5);

    public partial DebitOutputs Debit(DebitArgs args) => new(_from -= args.From.Length > 0 ? args.Amount : 0);

    public partial void UndoDebit(UndoDebitArgs args) => _from += args.Amount;

    public partial CreditOutputs Credit(CreditArgs args) => new(_to += args.To.Length > 0 ? args.Amount : 0);

    public partial void UndoCredit(UndoCreditArgs args) => _to -= args.Amount;

    public static partial HookResult Refuse() => HookResult.Fail("The bank is closed.");

    public static partial HookResult Break() => throw new HookFailedException("The bank is closed.");
}
