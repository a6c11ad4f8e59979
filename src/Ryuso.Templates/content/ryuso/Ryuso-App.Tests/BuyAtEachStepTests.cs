using Ryuso;
using Ryuso.Testing;

namespace ShopName.Tests;

/// <summary>Buying, with every step failing, done twice and undone twice.</summary>
public sealed class BuyAtEachStepTests
{
    private static readonly ProgramTest<ShopNameOrchestrator, ShopNameOrchestrator> Buy = ProgramTest
        .Of(() => new ShopNameOrchestrator())
        .Program(shop => shop.BuyAsync(new("hat", 1200, "1 Main Street")))
        .Invariant(async (shop, bought) =>
        {
            ProgramResult<StockOutputs> stock = await shop.StockAsync(new("hat"));
            Assert.Equal(bought.IsSuccess ? 9 : 10, stock.Outputs!.Left);
        });

    [Fact]
    public Task Whichever_step_fails_the_item_goes_back() => Buy.FailEachStepAsync();

    [Fact]
    public Task A_step_done_twice_takes_one_item() => Buy.RepeatEachStepAsync();

    [Fact]
    public Task A_step_undone_twice_puts_one_item_back() => Buy.RepeatEachRectifierAsync();

    // Without the key, or with one that is too narrow, both could take the last one.
    [Fact]
    public Task Two_purchases_of_one_item_at_the_same_time_end_as_one_after_the_other() => ProgramTest
        .Of(() => new ShopNameOrchestrator())
        .InterleaveAsync(
            shop => shop.BuyAsync(new("scarf", 1200, "1 Main Street")),
            shop => shop.BuyAsync(new("scarf", 1200, "2 Main Street")));
}
