using Microsoft.Extensions.DependencyInjection;
using Ryuso.TestKit;

namespace Ryuso.Testing.Tests;

/// <summary>What the verbs do to a program, and what they tell of one that is wrong.</summary>
public sealed class VerbTests
{
    /// <summary>Steps d, a, b and c, b also after its work, and the program's end.</summary>
    [Fact]
    public async Task Each_step_fails_dependencies_and_nested_programs_included_and_the_end_too()
    {
        List<string> failed = [];
        int cases = await Desk.Test().Invariant((_, result) => failed.Add((string?)result.Answer["_last_failed_program"] ?? "none")).FailEachStepAsync();

        Assert.Equal(6, cases);
        Assert.Equal(["none", "hooks.d", "hooks.a", "hooks.b", "hooks.b", "hooks.c", "programs.main"], failed);
    }

    [Fact]
    public async Task All_cases_that_go_wrong_are_told_with_what_ran_and_what_was_undone()
    {
        var wrong = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test()
            .Invariant((desk, result) => Assert.True(result.IsSuccess || desk.Standing != "", "Something must be left."))
            .Invariant((_, _) => Task.FromException(new InvalidDataException("And never this.")))
            .Invariant((_, _) => Task.CompletedTask)
            .FailEachStepAsync());
        Assert.Equal("""
            FailEachStep of 'main': 1 of 1 cases went wrong.

            1. Nothing goes wrong.
                  Does not hold: And never this.
                  result: succeeded
                  ran:    d, a, b, c
                  undone: nothing
            """, wrong.Message.Trim());

        wrong = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test()
            .Invariant((_, result) => Assert.True(result.IsSuccess || result.Error!.StartsWith("The hook", StringComparison.Ordinal), "Another error."))
            .Invariant((_, result) => Assert.True(result.IsSuccess, "A failure."))
            .FailEachStepAsync());
        Assert.StartsWith("FailEachStep of 'main': 6 of 6 cases went wrong.", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(6, wrong.Violations.Count);
        Assert.Equal("""
            Step 3, hooks.b, fails after its work.
                  Does not hold: Another error.
                  Does not hold: A failure.
                  result: rectified, The test lets it fail.
                  ran:    d, a, b (The test lets it fail.)
                  undone: undo_b, undo_a, undo_d
            """, wrong.Violations[3]);
    }

    [Fact]
    public async Task Each_step_is_done_twice_as_a_second_try()
    {
        List<string> calls = [];
        int cases = await Desk.Test((name, context, _) =>
        {
            calls.Add($"{name}{context.Attempt}");
            return new(HookResult.Ok);
        }).RepeatEachStepAsync();

        Assert.Equal(4, cases);
        string[] once = ["d1", "a1", "b1", "c1"];
        Assert.Equal([.. once, "d1", "d2", "a1", "b1", "c1", "d1", "a1", "a2", "b1", "c1", "d1", "a1", "b1", "b2", "c1", "d1", "a1", "b1", "c1", "c2"], calls);
        Assert.Equal(1, await Desk.Test().RepeatEachStepAsync(onlyWithRetry: true));
    }

    [Fact]
    public async Task Outputs_must_be_those_of_a_run_without_repetition_unless_they_vary()
    {
        ProgramTest<Desk, SpecOrchestrator> counted = Desk.Test((name, context, pool) => Write(name, pool, pool["got"] is null ? "once" : "twice"));
        ProgramTest<Desk, SpecOrchestrator> named = Desk.Test((name, context, pool) => Write(name, pool, Guid.NewGuid().ToString()));
        int runs = 0;
        ProgramTest<Desk, SpecOrchestrator> timed = Desk.Test((name, context, pool) =>
        {
            runs += name == "d" && context.Attempt == 1 ? 1 : 0;
            return Write(name, pool, $"{runs / 3} o'clock");
        });

        var wrong = await Assert.ThrowsAsync<ProgramTestException>(() => counted.RepeatEachStepAsync());
        Assert.Contains("The output 'got' is \"twice\", and without repetition \"once\". If it is another in every run, say so with Varying(\"got\").", Assert.Single(wrong.Violations), StringComparison.Ordinal);
        Assert.Equal(4, await counted.AllowVaryingOutputs("got").RepeatEachStepAsync());
        Assert.Equal(4, await named.RepeatEachStepAsync());
        Assert.Equal(4, await timed.RepeatEachStepAsync());

        static ValueTask<HookResult> Write(string name, DataPool pool, string got)
        {
            if (name == "b")
            {
                pool["got"] = got;
            }

            return new(HookResult.Ok);
        }
    }

    [Fact]
    public async Task A_step_that_fails_when_it_is_done_twice_is_told()
    {
        var wrong = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test((name, context, _) => new(name == "a" && context.Attempt == 2 ? HookResult.Fail("Again?") : HookResult.Ok)).RepeatEachStepAsync());

        Assert.StartsWith("Step 2, hooks.a, is done twice.\n      Done once, the run succeeds; done again, it does not.\n      Does not hold: ", Assert.Single(wrong.Violations), StringComparison.Ordinal);
    }

    /// <summary>When d fails, nothing is undone: no case.</summary>
    [Fact]
    public async Task Each_rectifier_is_done_twice_wherever_the_program_fails()
    {
        List<string> undone = [];
        int cases = await Desk.Test((name, context, _) =>
        {
            if (context.IsRectifying)
            {
                undone.Add($"{name}{context.Attempt}");
            }

            return new(HookResult.Ok);
        }).RepeatEachRectifierAsync();

        string[] d = ["undo_d1", "undo_d2"], a = ["undo_a1", "undo_a2", .. d], b = ["undo_b1", "undo_b2", .. a];
        Assert.Equal(5, cases);
        Assert.Equal([.. d, .. b, .. b, .. b, .. b], undone);
    }

    [Fact]
    public async Task The_process_ends_before_and_after_every_hook_and_commit_and_again_while_it_recovers()
    {
        List<string> seen = [];
        int once = await Desk.Test((name, context, _) =>
        {
            seen.Add($"{name}{(context.InDoubt ? "?" : "")}");
            return new(HookResult.Ok);
        }).CrashAtEachPointAsync(twice: false);
        int twice = await Desk.Test().CrashAtEachPointAsync();

        Assert.Equal((14, 133), (once, twice));
        Assert.Equal(["a", "b", "c", "d", "undo_a", "undo_a?", "undo_b", "undo_b?", "undo_d", "undo_d?"], seen.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_program_that_fails_by_itself_is_tested_as_far_as_it_comes()
    {
        ProgramTest<Desk, SpecOrchestrator> test = Desk.Test((name, _, _) => new(name == "b" ? HookResult.Fail("No.") : HookResult.Ok));

        Assert.Equal(3, await test.FailEachStepAsync());
        Assert.Equal(2, await test.RepeatEachStepAsync());
        Assert.Equal(2, await test.RepeatEachRectifierAsync());
        Assert.NotEqual(0, await test.CrashAtEachPointAsync());
    }

    [Fact]
    public async Task A_test_that_tests_nothing_says_so()
    {
        ProgramTest<Desk, SpecOrchestrator> desk = ProgramTest.Of(() => Task.FromResult(new Desk()), desk => desk.Orchestrator());

        var unsaid = await Assert.ThrowsAsync<InvalidOperationException>(() => desk.FailEachStepAsync());
        var rejected = await Assert.ThrowsAsync<ProgramTestException>(() => desk.Program("main").FailEachStepAsync());
        var two = await Assert.ThrowsAsync<ProgramTestException>(() => desk.Program(async o =>
        {
            await o.RunAsync("inner", cancellationToken: TestContext.Current.CancellationToken);
            return await o.RunAsync("inner", cancellationToken: TestContext.Current.CancellationToken);
        }).RunAsync());
        var thrown = await Assert.ThrowsAsync<ProgramTestException>(() => desk.Program(_ => throw new InvalidDataException("Not even a call.")).RunAsync());

        Assert.StartsWith("Say first which program to test", unsaid.Message, StringComparison.Ordinal);
        Assert.Equal("FailEachStep has nothing to do: the program was rejected: The program 'main' cannot run: 'who' (string) is missing.", rejected.Message);
        Assert.Contains("The call ran 2 programs; a test is of one.", two.Message, StringComparison.Ordinal);
        Assert.Contains("The call threw InvalidDataException: Not even a call.", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_case_has_a_fresh_world_which_is_disposed_of_and_an_invariant_may_use_the_orchestrator()
    {
        List<Desk> desks = [];
        int cases = await ProgramTest
            .Of(
                () =>
                {
                    desks.Add(new Desk());
                    return desks[^1];
                },
                desk => desk.Orchestrator())
            .Program("main", new() { ["who"] = "ann" })
            .FailEachStepAsync();

        Assert.Equal(cases + 1, desks.Count);
        Assert.All(desks, desk => Assert.True(desk.IsDisposed));

        // Here the world is the orchestrator itself, and what it is asked is no part of the run.
        Assert.Equal(6, await ProgramTest.Of(() => new Desk().Orchestrator())
            .Program("main", new() { ["who"] = "ann" })
            .Invariant(async (o, _) => Assert.True((await o.RunAsync("inner")).IsSuccess))
            .FailEachStepAsync());
    }

    [Fact]
    public async Task A_scope_for_each_run_is_kept()
    {
        int scopes = 0;
        ServiceProvider services = new ServiceCollection().AddScoped(_ => new object()).BuildServiceProvider();
        ProgramRun<ServiceProvider> run = await ProgramTest
            .Of(() => services, _ =>
            {
                SpecOrchestrator orchestrator = new Desk().Orchestrator();
                orchestrator.UseScopePerRun(new Scopes(services, () => scopes++));
                return orchestrator;
            })
            .Program("main", new() { ["who"] = "ann" })
            .RunAsync();

        Assert.Equal(1, scopes);
        await run.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => services.GetService<object>());
    }

    private sealed class Scopes(IServiceProvider services, Action made) : IServiceScopeFactory
    {
        public IServiceScope CreateScope()
        {
            made();
            return services.CreateScope();
        }
    }
}
