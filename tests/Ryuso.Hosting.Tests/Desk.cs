using Ryuso;

namespace Till;

/// <summary>Counts what is made of it and what is still there.</summary>
public sealed class Visit : IDisposable
{
    private static long s_made;

    public long Number { get; } = Interlocked.Increment(ref s_made);

    public static long Open { get; private set; }

    public Visit() => Open++;

    public void Dispose() => Open--;
}

public sealed partial class Desk(Visit visit)
{
    public partial TakeOutputs Take(TakeArgs args) => new(visit.Number);

    public static partial void GiveBack() { }

    public static async partial Task<HookResult> Settle(SettleArgs args)
    {
        await Task.Yield();
        return args.Cents > 0 ? HookResult.Ok : HookResult.Fail("Nothing to pay.");
    }
}
