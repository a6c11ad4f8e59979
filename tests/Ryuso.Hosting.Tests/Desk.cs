using Ryuso;

namespace Till;

/// <summary>Counts what is made of it and what is still there.</summary>
public sealed class Visit : IDisposable
{
    private static long s_made;

    public long Number { get; } = Interlocked.Increment(ref s_made);

    public static long Open { get; private set; }

    /// <summary>What settling waits for.</summary>
    public Func<Task> Settling { get; init; } = async () => await Task.Yield();

    /// <summary>Called when a desk of this visit is disposed of.</summary>
    public Action DeskClosed { get; init; } = () => { };

    public Visit() => Open++;

    public void Dispose() => Open--;
}

public sealed partial class Desk(Visit visit) : IDisposable
{
    public void Dispose() => visit.DeskClosed();

    public partial TakeOutputs Take(TakeArgs args) => new(visit.Number);

    public static partial void GiveBack() { }

    public async partial Task<HookResult> Settle(SettleArgs args)
    {
        await visit.Settling();
        return args.Cents > 0 ? HookResult.Ok : HookResult.Fail("Nothing to pay.");
    }
}
