namespace KeyedBank;

/// <summary>As <see cref="Bank.Desk"/>, and without anything that runs share.</summary>
public sealed partial class Desk
{
    private const long Balance = 1_000_000;

    public static partial CheckOutputs Check(CheckArgs args) => new(args.Urgent ? args.Amount * args.Rate : 0.5);

    public static partial DebitOutputs Debit(DebitArgs args) => new(Balance - (args.From.Length > 0 ? args.Amount : 0));

    public static partial void UndoDebit(UndoDebitArgs args) { }

    public static partial CreditOutputs Credit(CreditArgs args) => new(Balance + (args.To.Length > 0 ? args.Amount : 0));

    public static partial void UndoCredit(UndoCreditArgs args) { }
}
