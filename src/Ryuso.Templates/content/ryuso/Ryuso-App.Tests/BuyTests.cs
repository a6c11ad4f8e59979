using Ryuso;

namespace ShopName.Tests;

/// <summary>The programs, run in this process: no socket, no server.</summary>
public sealed class BuyTests
{
    private readonly ShopNameOrchestrator _shop = new();

    [Fact]
    public async Task What_is_bought_leaves_the_shelf()
    {
        ProgramResult<BuyOutputs> bought = await _shop.BuyAsync(new("hat", 1200, "1 Main Street"), TestContext.Current.CancellationToken);

        Assert.True(bought.IsSuccess, bought.Error);
        Assert.Equal(9, bought.Outputs!.Left);
        Assert.Equal(9, await LeftAsync("hat"));
    }

    [Fact]
    public async Task What_cannot_be_delivered_is_paid_back_and_goes_back_to_the_shelf()
    {
        ProgramResult<BuyOutputs> bought = await _shop.BuyAsync(new("hat", 1200, "nowhere"), TestContext.Current.CancellationToken);

        Assert.False(bought.IsSuccess);
        Assert.Equal("Nobody delivers to nowhere.", bought.Error);
        Assert.Equal(["hooks.charge", "hooks.reserve"], bought.Answer["_rectified"]!.AsArray().Select(step => (string?)step));
        Assert.Equal(10, await LeftAsync("hat"));
    }

    [Fact]
    public async Task What_is_too_dear_for_the_card_goes_back_to_the_shelf()
    {
        ProgramResult<BuyOutputs> bought = await _shop.BuyAsync(new("scarf", 6000, "1 Main Street"), TestContext.Current.CancellationToken);

        Assert.Equal("The card has a limit of 5000.", bought.Error);
        Assert.Equal(3, await LeftAsync("scarf"));
    }

    private async Task<long> LeftAsync(string item) =>
        (await _shop.StockAsync(new(item), TestContext.Current.CancellationToken)).Outputs!.Left;
}
