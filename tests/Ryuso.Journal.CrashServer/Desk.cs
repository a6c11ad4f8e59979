using Ryuso;
using Ryuso.Journal.CrashServer;

namespace Till;

/// <summary>A small wallet. Before and after each effect the process may end.</summary>
public sealed partial class Desk(Safe safe)
{
    public partial LookOutputs Look(LookArgs args, HookContext context)
    {
        Failpoint.Pass(context.RunId);
        return new LookOutputs(safe.Balance(args.From));
    }

    public partial HookResult Debit(DebitArgs args, HookContext context) => Between(context, () =>
        safe.Book(context.RunId, "debit", args.From, -args.Amount) ? HookResult.Ok : HookResult.Fail("Not enough money."));

    public partial HookResult UndoDebit(UndoDebitArgs args, HookContext context) => Between(context, () => safe.Undo(context.RunId, "debit"));

    public partial HookResult Credit(CreditArgs args, HookContext context) => Between(context, () =>
        safe.Book(context.RunId, "credit", args.To, args.Amount) ? HookResult.Ok : HookResult.Fail("No such account."));

    public partial HookResult UndoCredit(UndoCreditArgs args, HookContext context) => Between(context, () => safe.Undo(context.RunId, "credit"));

    public async partial Task<PayOutOutputs> PayOut(PayOutArgs args, HookContext context)
    {
        await Task.Yield();
        Between(context, () => safe.PayOut(context.IdempotencyKey, context.RunId, args.Amount));
        return new PayOutOutputs(context.IdempotencyKey);
    }

    public partial HookResult CancelPayout(CancelPayoutArgs args, HookContext context) => Between(context, () => safe.CancelPayout(context.RunId));

    public static partial HookResult Notify(NotifyArgs args) => args.Down ? HookResult.Fail("Nobody can be told.") : HookResult.Ok;

    private static HookResult Between(HookContext context, Func<HookResult> effect)
    {
        Failpoint.Pass(context.RunId);
        HookResult result = effect();
        Failpoint.Pass(context.RunId);
        return result;
    }
}
