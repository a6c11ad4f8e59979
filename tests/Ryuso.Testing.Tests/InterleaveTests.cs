using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>Two calls in every order of their steps: a key that is too narrow is found, and one that is right is not.</summary>
public sealed class InterleaveTests
{
    [Fact]
    public async Task Key_that_is_too_narrow_is_found_with_the_order_of_steps_that_shows_it()
    {
        ProgramTestException found = await Assert.ThrowsAsync<ProgramTestException>(() => Test("order").InterleaveAsync(Pay("o1", "alice"), Pay("o2", "alice")));
        Assert.Contains("The steps run in this order: 1 read, 2 read, 1 write, 2 write.", found.Message, StringComparison.Ordinal);
        Assert.Contains("It is the same as no order of the two.", found.Message, StringComparison.Ordinal);
        Assert.Contains("gives 'left' 90", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_that_is_right_passes_in_one_order_only_where_it_is_shared_and_in_every_order_where_it_is_not()
    {
        // Each arrival first, and once more with each of the two steps of each call failing.
        Assert.Equal(2 * 5, await Test("account").InterleaveAsync(Pay("o1", "alice"), Pay("o2", "alice")));
        Assert.InRange(await Test("account").InterleaveAsync(Pay("o1", "alice"), Pay("o2", "bob")), 6 * 2, int.MaxValue);
    }

    [Fact]
    public async Task Invariant_is_held_in_every_order()
    {
        ProgramTestException found = await Assert.ThrowsAsync<ProgramTestException>(() => Test("account")
            .Invariant((world, _) => Assert.True(world["alice"] > 85))
            .InterleaveAsync(Pay("o1", "alice"), Pay("o2", "alice")));
        Assert.Contains("Does not hold", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_orders_than_allowed_are_refused_with_the_remedy()
    {
        ProgramTestException refused = await Assert.ThrowsAsync<ProgramTestException>(() => Test("account").InterleaveAsync(Pay("o1", "alice"), Pay("o2", "bob"), maxCases: 3));
        Assert.Contains("more than 3 orders of steps", refused.Message, StringComparison.Ordinal);
    }

    private static Func<SpecOrchestrator, Task<ProgramResult>> Pay(string order, string account) =>
        bank => bank.RunAsync("pay", new JsonObject { ["order"] = order, ["account"] = account });

    private static ProgramTest<Dictionary<string, long>, SpecOrchestrator> Test(string key) => ProgramTest.Of(
        () => new Dictionary<string, long> { ["alice"] = 100, ["bob"] = 100 },
        world => SpecOrchestrator.Of(
            """
            {"name":"bank","programs":{"pay":{"key":"KEY","hooks":["read","write"],
               "args":{"order":{"type":"string","required":true},"account":{"type":"string","required":true}},"outputs":{"left":{"type":"int","required":true}}}},
             "hooks":{
              "read":{"reference":"b.read","args":{},"dependencies":[],"rectifiers":[]},
              "write":{"reference":"b.write","args":{},"dependencies":[],"rectifiers":[]}}}
            """.Replace("KEY", key, StringComparison.Ordinal),
            (name, pool) =>
            {
                string account = (string)pool["account"]!;
                if (name == "read")
                {
                    pool["left"] = world[account];
                }
                else
                {
                    pool["left"] = world[account] = (long)pool["left"]! - 10;
                }

                return HookResult.Ok;
            }));
}
