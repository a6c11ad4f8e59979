using Ryuso;

namespace Kiosk;

/// <summary>What one application has sold, and what one that waits waits for.</summary>
public sealed class Sales
{
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Next() => Interlocked.Increment(ref _count);
}

public sealed partial class Desk(Sales sales)
{
    public partial ChargeOutputs Charge(ChargeArgs args) => new(sales.Next());

    public static partial HookResult PayBack(PayBackArgs args) =>
        args.How == "stuck" ? HookResult.Fail("The bank is closed.", "bank_closed") : HookResult.Ok;

    public async partial Task<HookResult> HandOver(HandOverArgs args, CancellationToken cancellationToken)
    {
        switch (args.How)
        {
            case "late":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "bug":
                throw new InvalidOperationException("A bug.");
            case "wait":
                sales.Begun.TrySetResult();
                await sales.GoOn.Task;
                break;
            case "refuse":
                return HookResult.Refuse("No such thing.");
            case "code":
                return HookResult.Fail("The shelf is empty.", "sold_out");
            case "fail" or "stuck":
                return HookResult.Fail("The shelf jams.");
        }

        return HookResult.Ok;
    }

    public static partial LookOutputs Look(LookArgs args) => new() { User = args.User };
}
