using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.TestKit;
using Wallet;

namespace Ryuso.Samples.Tests;

/// <summary>The wallet in this process, on a file of its own, with a gateway that can be made to fail.</summary>
internal sealed class TestWallet : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services;

    public TestWallet()
    {
        Db = new WalletDb(_folder.File("wallet.db"));
        Gateway = new FaultyGateway(new LocalPayoutGateway(Db));
        _services = new ServiceCollection().AddSingleton(Db).AddSingleton<IPayoutGateway>(Gateway).BuildServiceProvider();
        Orchestrator = new WalletOrchestrator(_services);
    }

    public WalletDb Db { get; }

    public FaultyGateway Gateway { get; }

    public WalletOrchestrator Orchestrator { get; }

    public Task<ProgramResult> RunAsync(string program, JsonObject dataPool, string? flag = null) =>
        Orchestrator.RunAsync(program, dataPool, flag is null ? null : new JsonObject { [flag] = true }, TestContext.Current.CancellationToken);

    /// <summary>Alice with 2,500 cents, Bob with 500.</summary>
    public static async Task<TestWallet> WithAliceAndBobAsync()
    {
        var wallet = new TestWallet();
        foreach ((string account, long amount) in new[] { ("alice", 2500L), ("bob", 500L) })
        {
            Assert.True((await wallet.Orchestrator.OpenAccountAsync(new(account), TestContext.Current.CancellationToken)).IsSuccess);
            Assert.True((await wallet.Orchestrator.DepositAsync(new(account, amount), TestContext.Current.CancellationToken)).IsSuccess);
        }

        return wallet;
    }

    /// <summary>Checks what must hold at any time: the sum of all balances is the deposits minus the payouts.</summary>
    public void AssertAddsUp()
    {
        (long balances, long deposits, long payouts) = Db.Totals();
        Assert.Equal(deposits - payouts, balances);
    }

    public void Dispose()
    {
        _services.Dispose();
        Db.Dispose();
        _folder.Dispose();
    }
}
