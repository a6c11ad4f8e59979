using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.Testing;
using Wallet;

namespace Ryuso.Samples.Tests;

/// <summary>All programs of the wallet, failed, repeated and crashed at each step. Ryuso.Testing.Tests holds the same tests to wallets with planted bugs.</summary>
public sealed class WalletTests
{
    private static readonly ProgramTest<World, WalletOrchestrator> s_wallet = ProgramTest
        .Of(() => new World(), world => new WalletOrchestrator(world.Services))
        .Invariant((world, _) =>
        {
            (long balances, long deposits, long payouts) = world.Db.Totals();
            Assert.True(balances == deposits - payouts, $"The balances are {balances}, but {deposits} were deposited and {payouts} paid out.");
        });

    /// <summary>Each program that can succeed, some that fail by themselves, and some whose gateway does.</summary>
    private static readonly Dictionary<string, ProgramTest<World, WalletOrchestrator>> s_programs = new()
    {
        ["open_account"] = s_wallet.Program(w => w.OpenAccountAsync(new("carol"))).Invariant(Accounts(alice: 2500, bob: 500, carolIfDone: 0)),
        ["open_account that there is"] = s_wallet.Program(w => w.OpenAccountAsync(new("empty"))).Invariant(Accounts(alice: 2500, bob: 500)),
        ["deposit"] = s_wallet.Program(w => w.DepositAsync(new("alice", 100))).Invariant(Accounts(alice: 2500, bob: 500, aliceIfDone: 2600)),
        ["transfer"] = s_wallet.Program(w => w.TransferAsync(new("alice", "bob", 700))).Invariant(Accounts(alice: 2500, bob: 500, aliceIfDone: 1800, bobIfDone: 1200)),
        ["transfer of too much"] = s_wallet.Program(w => w.TransferAsync(new("bob", "alice", 501))).Invariant(Accounts(alice: 2500, bob: 500)),
        ["withdraw"] = s_wallet.Program(w => w.WithdrawAsync(new("alice", 400))).Invariant(Accounts(alice: 2500, bob: 500, aliceIfDone: 2100)),
        ["pay_out_all"] = s_wallet.Program(w => w.PayOutAllAsync(new("alice"))).Invariant(Accounts(alice: 2500, bob: 500, aliceIfDone: 0)),
        ["statement"] = s_wallet.Program("statement", new JsonObject { ["account"] = "alice" }).Invariant(Accounts(alice: 2500, bob: 500)),
        ["withdraw from a gateway that refuses"] = Through(GatewayFault.BeforePaying),
        ["withdraw from a gateway whose answer is lost"] = Through(GatewayFault.AfterPaying),
        ["withdraw from a gateway whose answer is lost and that cannot be asked at once"] = Through(GatewayFault.AfterPayingAndAtFirstCancel),
    };

    public static TheoryData<string> Programs => [.. s_programs.Keys];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Whichever_step_fails_everything_is_undone(string program) =>
        Assert.NotEqual(0, await s_programs[program].FailEachStepAsync());

    [Theory]
    [MemberData(nameof(Programs))]
    public Task A_step_done_twice_is_done_once(string program) => s_programs[program].RepeatEachStepAsync();

    [Theory]
    [MemberData(nameof(Programs))]
    public Task A_step_undone_twice_is_undone_once(string program) => s_programs[program].RepeatEachRectifierAsync();

    [Theory]
    [MemberData(nameof(Programs))]
    public Task Wherever_the_process_ends_the_run_is_done_or_undone(string program) => s_programs[program].CrashAtEachPointAsync();

    [Fact]
    public async Task Transfers_to_and_fro_at_the_same_time_end_as_one_after_the_other() =>
        Assert.NotEqual(0, await s_wallet.InterleaveAsync(
            w => w.TransferAsync(new("alice", "bob", 700)), w => w.TransferAsync(new("bob", "alice", 100))));

    [Fact]
    public async Task Opening_and_deposit_of_different_accounts_go_side_by_side_in_every_order() =>
        Assert.InRange(await s_wallet.InterleaveAsync(w => w.OpenAccountAsync(new("dora")), w => w.DepositAsync(new("bob", 100))), 100, 1000);

    private static ProgramTest<World, WalletOrchestrator> Through(GatewayFault fault) => ProgramTest
        .Of(() => new World { Gateway = { Fault = fault } }, world => new WalletOrchestrator(world.Services))
        .Program(w => w.WithdrawAsync(new("alice", 400)))
        .Invariant((world, result) => Assert.Equal((false, 2500L, 100L), (result.IsSuccess, world.Db.Balance("alice"), world.Db.Totals().Payouts)));

    private static Action<World, ProgramResult> Accounts(long alice, long bob, long? aliceIfDone = null, long? bobIfDone = null, long? carolIfDone = null) => (world, result) =>
    {
        Assert.Equal(result.IsSuccess ? aliceIfDone ?? alice : alice, world.Db.Balance("alice"));
        Assert.Equal(result.IsSuccess ? bobIfDone ?? bob : bob, world.Db.Balance("bob"));
        Assert.Equal(result.IsSuccess ? carolIfDone : null, world.Db.Balance("carol"));
        Assert.Equal(0, world.Db.Balance("empty"));
    };

    /// <summary>Alice with 2,500 cents and a payout behind her, Bob with 500, an account on which nothing was ever booked, and a gateway. All of it outlives the process.</summary>
    internal sealed class World : IDisposable
    {
        public World()
        {
            Db.TryOpen("tx-1", "alice", "");
            Db.TryOpen("tx-2", "bob", "");
            Db.TryOpen("tx-3", "empty", "");
            Db.Book("tx-4", "deposit", "alice", 2600);
            Db.Book("tx-5", "deposit", "bob", 500);
            Db.Book("tx-6", "debit", "alice", -100);
            Db.AddPayout("key-6", "tx-6", "alice", 100);
            Gateway = new FaultyGateway(new LocalPayoutGateway(Db));
            Services = new ServiceCollection().AddSingleton(Db).AddSingleton<IPayoutGateway>(Gateway).BuildServiceProvider();
        }

        public WalletDb Db { get; } = new(":memory:");

        public FaultyGateway Gateway { get; }

        public ServiceProvider Services { get; }

        public void Dispose()
        {
            Services.Dispose();
            Db.Dispose();
        }
    }
}
