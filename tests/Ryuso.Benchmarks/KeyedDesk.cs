namespace KeyedBank;

/// <summary>As <see cref="Bank.Desk"/>; several runs may be under way.</summary>
public sealed partial class Desk
{
    private static long s_from = 1_000_000;
    private static long s_to = 1_000_000;

    public static partial CheckOutputs Check(CheckArgs args) => new(args.Urgent ? args.Amount * args.Rate : 0.5);

    public static partial DebitOutputs Debit(DebitArgs args) => new(s_from -= args.From.Length > 0 ? args.Amount : 0);

    public static partial void UndoDebit(UndoDebitArgs args) => s_from += args.Amount;

    public static partial CreditOutputs Credit(CreditArgs args) => new(s_to += args.To.Length > 0 ? args.Amount : 0);

    public static partial void UndoCredit(UndoCreditArgs args) => s_to -= args.Amount;
}
