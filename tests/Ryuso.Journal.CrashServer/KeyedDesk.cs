using Ryuso;
using Ryuso.Journal.CrashServer;

namespace KeyedTill;

/// <summary>The wallet with keys: its hooks give way around each effect, so that runs on different accounts go side by side.</summary>
public sealed partial class Desk(Safe safe)
{
    public partial Task<HookResult> Debit(DebitArgs args, HookContext context) => BetweenAsync(context, () =>
        safe.Book(context.RunId, "debit", args.From, -args.Amount) ? HookResult.Ok : HookResult.Fail("Not enough money."));

    public partial Task<HookResult> UndoDebit(UndoDebitArgs args, HookContext context) => BetweenAsync(context, () => safe.Undo(context.RunId, "debit"));

    public partial Task<HookResult> Credit(CreditArgs args, HookContext context) => BetweenAsync(context, () =>
        safe.Book(context.RunId, "credit", args.To, args.Amount) ? HookResult.Ok : HookResult.Fail("No such account."));

    public partial Task<HookResult> UndoCredit(UndoCreditArgs args, HookContext context) => BetweenAsync(context, () => safe.Undo(context.RunId, "credit"));

    public static partial HookResult Notify(NotifyArgs args) => args.Down ? HookResult.Fail("Nobody can be told.") : HookResult.Ok;

    private static async Task<HookResult> BetweenAsync(HookContext context, Func<HookResult> effect)
    {
        Failpoint.Pass(context.RunId);
        await Task.Yield();
        HookResult result = effect();
        await Task.Yield();
        Failpoint.Pass(context.RunId);
        return result;
    }
}
