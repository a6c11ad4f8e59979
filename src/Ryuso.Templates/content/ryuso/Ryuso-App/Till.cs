using System.Collections.Concurrent;
using Ryuso;

namespace ShopName;

public sealed partial class Till
{
    private readonly ConcurrentDictionary<string, long> _paid = new();

    public partial HookResult Charge(ChargeArgs args)
    {
        if (args.Cents > 5000)
        {
            return HookResult.Fail("The card has a limit of 5000.");
        }

        _paid[args.Order] = args.Cents;
        return HookResult.Ok;
    }

    public partial void Refund(RefundArgs args) => _paid.TryRemove(args.Order, out _);
}
