using System.Text.Json.Nodes;
using Basket;

namespace Ryuso.Generator.Tests.Typed;

/// <summary>Lists with items and dicts with fields, from a caller's records to a hook's and back, in process and over a socket.</summary>
public class TypedShapeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly OrderArgs s_order = new([
        new("a", 2) { Price = 1.5, LinesItem = "x", Options = [new("big")], Extra = new JsonObject { ["k"] = 1 } },
        new("b", 4)])
    {
        Address = new("Graz") { Zip = 8010 },
        Grid = [1, 2.5],
    };

    [Fact]
    public async Task In_process_call_gives_and_takes_records()
    {
        ProgramResult<OrderOutputs> result = await new BasketOrchestrator().OrderAsync(s_order, Cancel);
        Assert.Null(result.Error);
        MustBeRight(result.Outputs!);
    }

    [Fact]
    public async Task Client_gives_and_takes_records()
    {
        await using var server = new RyusoServer(new BasketOrchestrator(), new RyusoServerOptions { Port = 0 });
        await server.StartAsync(Cancel);
        await using var client = new BasketClient("127.0.0.1", server.EndPoint.Port);
        MustBeRight(await client.OrderAsync(s_order, Cancel));
        ProgramFailedException failed = await Assert.ThrowsAsync<ProgramFailedException>(
            () => client.OrderAsync(new([new("a", 99)]), Cancel));
        Assert.Contains("The variable 'parcels[0].weight' cannot be NaN: JSON has no such number.", failed.Error, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => client.OrderAsync(s_order with { Grid = [double.NaN] }, Cancel));
    }

    [Fact]
    public async Task Rectifier_sees_what_the_hook_set()
    {
        ProgramResult<OrderOutputs> result = await new BasketOrchestrator().OrderAsync(new([new("a", 77)]) { Address = new("Nowhere") }, Cancel);
        Assert.Contains("no such city", result.Error, StringComparison.Ordinal);
        Assert.Contains(77.0, Baskets.Undone);
    }

    [Fact]
    public async Task Number_that_no_JSON_can_hold_rejects_the_call()
    {
        ProgramResult<OrderOutputs> result = await new BasketOrchestrator().OrderAsync(s_order with { Grid = [double.NaN] }, Cancel);
        Assert.True(result.IsRejected);
        Assert.StartsWith("The program 'order' cannot run: 'grid' cannot be written as JSON: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Null_that_a_caller_forces_in_is_rejected_at_its_place()
    {
        ProgramResult<OrderOutputs> result = await new BasketOrchestrator().OrderAsync(new([new("a", 1), null!, new(null!, 3)]), Cancel);
        Assert.True(result.IsRejected);
        Assert.Equal("The program 'order' cannot run: lines[1] must be dict, not null; lines[2].sku (string) is missing", result.Error!.TrimEnd('.'));
    }

    [Fact]
    public void Values_that_a_hook_made_in_other_types_of_C_sharp_are_read_as_their_JSON_would_be()
    {
        JsonObject answer = new()
        {
            ["parcels"] = new JsonArray(new JsonObject { ["weight"] = 5, ["skus"] = new JsonArray(JsonValue.Create('c')) }),
            ["address"] = new JsonObject { ["city"] = "x", ["zip"] = 5.0 },
            ["total"] = 1.5,
        };
        OrderOutputs outputs = OrderOutputs.FromAnswer(answer);
        Assert.Equal((5.0, "c", 5L), (outputs.Parcels[0].Weight, outputs.Parcels[0].Skus[0], outputs.Address!.Zip));
    }

    private static void MustBeRight(OrderOutputs outputs)
    {
        Assert.Equal((2 * 1.5) + (4 * 2.5), outputs.Total);
        OrderOutputs.ParcelsItem parcel = Assert.Single(outputs.Parcels);
        Assert.Equal(2, parcel.Weight);
        Assert.Equal(["a"], parcel.Skus);
        Assert.Equal(new OrderOutputs.AddressFields("Graz") { Zip = 8010 }, outputs.Address);
    }
}
