using System.Collections.Concurrent;
using Ryuso;

namespace ShopName;

// Purchases of other items run at the same time. Nobody else takes this item meanwhile: it is the key of both programs.
public sealed partial class Desk
{
    private readonly ConcurrentDictionary<string, int> _shelf = new() { ["hat"] = 10, ["scarf"] = 3 };
    private readonly ConcurrentDictionary<string, string> _reserved = new();

    public partial OpenOrderOutputs OpenOrder() => new(Guid.CreateVersion7().ToString());

    // Run twice for one order, it takes one item.
    public partial ReserveOutputs Reserve(ReserveArgs args)
    {
        if (!_reserved.ContainsKey(args.Order))
        {
            if (Left(args.Item) == 0)
            {
                throw new HookFailedException($"There is no {args.Item} left.");
            }

            _shelf[args.Item]--;
            _reserved[args.Order] = args.Item;
        }

        return new(Left(args.Item));
    }

    // Run twice, or for an order that reserved nothing, it does no harm.
    public partial void Release(ReleaseArgs args)
    {
        if (_reserved.TryRemove(args.Order, out string? item))
        {
            _shelf[item]++;
        }
    }

    public partial CountOutputs Count(CountArgs args) => new(Left(args.Item));

    public partial HookResult Deliver(DeliverArgs args) =>
        args.Address == "nowhere" ? HookResult.Fail("Nobody delivers to nowhere.") : HookResult.Ok;

    private int Left(string item) => _shelf.GetValueOrDefault(item);
}
