#nullable enable
using System;
using System.Collections.Generic;
using Ryuso;

namespace Basket;

/// <summary>Hooks of typed lists and dicts.</summary>
public static partial class Baskets
{
    /// <summary>What rectifiers saw.</summary>
    public static List<double> Undone { get; } = new();

    public static partial PriceOutputs Price(PriceArgs args)
    {
        double total = 0;
        foreach (PriceArgs.LinesItem line in args.Lines)
        {
            total += line.Qty * line.Price;
        }

        double weight = args.Lines[0].Qty == 99 ? double.NaN : args.Lines[0].Qty;
        return new PriceOutputs(total, new[] { new PriceOutputs.ParcelsItem(weight, args.Tags ?? Array.Empty<string>()) });
    }

    public static partial void Unprice(UnpriceArgs args) => Undone.Add(args.Parcels[0].Weight);

    public static partial HookResult Pack(PackArgs args) => args.Address?.City == "Nowhere" ? HookResult.Fail("no such city") : HookResult.Ok;
}
