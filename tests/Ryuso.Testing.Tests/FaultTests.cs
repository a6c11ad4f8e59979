namespace Ryuso.Testing.Tests;

/// <summary>One run with faults.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Without_faults_the_run_is_the_program_s()
    {
        ProgramRun<Desk> run = await Desk.Test().RunAsync();

        Assert.True(run.Result.IsSuccess);
        Assert.Equal(["2 d", "3 a", "6 b", "9 c"], run.Steps.Select(s => $"{s.Id} {s}"));
        Assert.False(run.World.IsDisposed);
        await run.DisposeAsync();
        Assert.True(run.World.IsDisposed);
    }

    [Fact]
    public async Task A_hook_that_fails_or_throws_is_reported_as_in_production()
    {
        await using ProgramRun<Desk> failed = await Desk.Test().RunAsync(Fault.Fail("hooks.c", "No."));
        await using ProgramRun<Desk> thrown = await Desk.Test().RunAsync(Fault.Throw("c", new IOException("Gone.")));

        Assert.Equal("No.", failed.Result.Error);
        Assert.Equal("The hook 'hooks.c' threw IOException.", thrown.Result.Error);
        Assert.Equal(["d", "a", "b", "c (No.)", "c (try 2) (No.)", "undo_b", "undo_a", "undo_d"], failed.Steps.Select(s => s.ToString()));
    }

    [Fact]
    public async Task A_hook_that_hangs_is_ended_by_its_time_limit_at_once()
    {
        await using ProgramRun<Desk> run = await Desk.Test().RunAsync(Fault.Hang("b"));

        Assert.Equal("The hook 'hooks.b' did not end within its 3600000 ms.", run.Result.Error);
        Assert.Equal("b (OperationCanceledException: The operation was canceled.)", run.Steps.Single(s => s.Hook == "hooks.b").ToString());
    }

    [Fact]
    public async Task A_hook_that_hangs_after_its_work_has_done_it()
    {
        await using ProgramRun<Desk> run = await Desk.Test().RunAsync(Fault.Hang("b").AfterCompletion, Fault.Crash("undo_b"));

        Assert.Equal("The hook 'hooks.b' did not end within its 3600000 ms.", run.Result.Error);
        Assert.Equal(["undo_b (the process ended before it ran)", "undo_b (try 2)", "undo_a", "undo_d"], run.Steps.Where(s => s.IsRectifying).Select(s => s.ToString()));
    }

    [Fact]
    public async Task A_hook_that_hangs_without_a_time_limit_is_told()
    {
        var wrong = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test().RunAsync(Fault.Hang("c")));

        Assert.Contains("hooks.c hangs and has no 'timeout_ms'", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_may_come_after_the_work_and_only_the_first_few_times()
    {
        int worked = 0;
        await using ProgramRun<Desk> run = await Desk.Test((name, _, _) =>
        {
            worked += name == "c" ? 1 : 0;
            return new(HookResult.Ok);
        }).RunAsync(Fault.Fail("c").AfterCompletion.Times(1));

        Assert.True(run.Result.IsSuccess);
        Assert.Equal(2, worked);
    }

    [Theory]
    [InlineData(false, "d, a, b (the process ended before it ran), undo_b (in doubt), undo_a, undo_d")]
    [InlineData(true, "d, a, b (the process ended before that was recorded), undo_b (in doubt), undo_a, undo_d")]
    public async Task A_process_that_ends_at_a_hook_is_started_again_over_the_same_world(bool after, string steps)
    {
        List<Desk> worlds = [];
        await using ProgramRun<Desk> run = await ProgramTest
            .Of(() => new Desk(), world =>
            {
                worlds.Add(world);
                return world.Orchestrator();
            })
            .Program("main", new() { ["who"] = "ann" })
            .RunAsync(after ? Fault.Crash("b").AfterCompletion : Fault.Crash("b"));

        Assert.Equal(steps, string.Join(", ", run.Steps));
        Assert.Equal("The server's process ended during the run, and whether hooks.b had ended is not known.", run.Result.Error);
        Assert.Equal([run.World, run.World], worlds);
        Assert.Equal("", run.World.Standing);
    }

    [Fact]
    public async Task A_fault_at_a_hook_that_is_not_there_or_not_reached_is_told()
    {
        var missing = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test().RunAsync(Fault.Fail("undo_e")));
        var unreached = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test().RunAsync(Fault.Fail("undo_a")));

        Assert.StartsWith("The spec has no hook 'hooks.undo_e'. The nearest: 'hooks.undo_a'", missing.Message, StringComparison.Ordinal);
        Assert.Contains("The run never reached what is to happen: hooks.undo_a fails.", unreached.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rectifier_that_fails_leaves_the_run_stuck_which_is_told_unless_it_may_be()
    {
        Fault[] faults = [Fault.Fail("c"), Fault.Throw("undo_a", new IOException())];
        var stuck = await Assert.ThrowsAsync<ProgramTestException>(() => Desk.Test().RunAsync(faults));
        await using ProgramRun<Desk> run = await ProgramTest.Of(() => new Desk(), desk => desk.Orchestrator())
            .Program("main", new() { ["who"] = "ann" }).AllowStuck().RunAsync(faults);

        Assert.Contains("The run is stuck; not undone: hooks.a, hooks.d.", stuck.Message, StringComparison.Ordinal);
        Assert.True(run.Result.IsStuck);
        Assert.Equal("ad", run.World.Standing);
    }

    [Fact]
    public async Task A_hook_that_blocks_costs_its_case_and_is_named()
    {
        using var never = new ManualResetEventSlim();
        ProgramTest<Desk, Ryuso.TestKit.SpecOrchestrator> test = Desk.Test((name, _, _) =>
        {
            if (name == "b")
            {
                never.Wait(TestContext.Current.CancellationToken);
            }

            return new(HookResult.Ok);
        }).WithTimeout(TimeSpan.FromMilliseconds(200));

        var wrong = await Assert.ThrowsAsync<ProgramTestException>(() => test.RunAsync());
        never.Set();

        Assert.Contains("It did not end within 0.2 seconds; hooks.b was running.", wrong.Message, StringComparison.Ordinal);
    }
}
