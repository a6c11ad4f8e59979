using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Ryuso;

namespace Shop;

/// <summary>What is in the shop; a singleton of the container.</summary>
public sealed class Stock
{
    private readonly ConcurrentDictionary<string, bool> _reserved = new();

    /// <summary>False where somebody has it already.</summary>
    public bool TryReserve(string item) => _reserved.TryAdd(item, true);

    /// <summary>Makes an item free again; one that is free already is no error.</summary>
    public void Release(string item) => _reserved.TryRemove(item, out _);
}

/// <summary>The hooks. Their constructor parameters come from the host's container.</summary>
public sealed partial class Desk(Stock stock, ILogger<Desk> logger)
{
    public partial HookResult Reserve(ReserveArgs args) => stock.TryReserve(args.Item) ? HookResult.Ok : HookResult.Fail("It is taken.");

    public partial void Release(ReleaseArgs args)
    {
        LogReleased(logger, args.Item);
        stock.Release(args.Item);
    }

    public static async partial Task<ChargeOutputs> Charge(ChargeArgs args, CancellationToken cancel)
    {
        await Task.Yield(); // a real card terminal answers later
        cancel.ThrowIfCancellationRequested();
        return args.Cents <= 5000 ? new($"paid {args.Cents}") : throw new HookFailedException("The card has a limit of 5000.");
    }

    [LoggerMessage(LogLevel.Information, "{Item} is free again.")]
    private static partial void LogReleased(ILogger logger, string item);
}
