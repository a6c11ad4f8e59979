using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

/// <summary>A hook that calls its own orchestrator is told from everybody else who finds the lane taken.</summary>
public sealed class OwnOrchestratorTests
{
    [Fact(Timeout = 60_000)] // What this test forbids is a wait without end.
    public async Task A_hook_that_calls_its_own_orchestrator_fails_and_says_why()
    {
        SpecOrchestrator? self = null;
        self = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
            async (_, _, _) =>
            {
                await Task.Yield();
                await self!.RunAsync("p", cancellationToken: TestContext.Current.CancellationToken);
                return HookResult.Ok;
            });
        Assert.Contains("called its own orchestrator", (string?)(await self.AnswerAsync("p"))["_error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_run_left_behind_may_call_the_orchestrator_while_a_later_run_goes_on()
    {
        SpecOrchestrator? self = null;
        Task<JsonObject>? left = null;
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        self = SpecOrchestrator.Of(
            """{"name":"t","programs":{"leave":{"hooks":["leave"],"args":{},"outputs":{}},"wait":{"hooks":["wait"],"args":{},"outputs":{}},"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"leave":{"reference":"x.l","args":{}},"wait":{"reference":"x.w","args":{}},"a":{"reference":"x.a","args":{}}}}""",
            async (name, _, _) =>
            {
                if (name == "leave")
                {
                    left = LeaveAsync();
                }
                else if (name == "wait")
                {
                    await gate.Task;
                }

                return HookResult.Ok;
            });
        async Task<JsonObject> LeaveAsync()
        {
            await go.Task;
            Task<JsonObject> call = self!.AnswerAsync("p");
            called.SetResult();
            return await call;
        }

        await self.AnswerAsync("leave");
        Task<JsonObject> later = self.AnswerAsync("wait");
        go.SetResult();
        await called.Task;
        Assert.Equal(1, self.WaitingCount);
        gate.SetResult();
        Assert.Equal("{}", (await later).ToJsonString());
        Assert.Equal("{}", (await left!).ToJsonString());
    }

    [Fact(Timeout = 60_000)] // What this test forbids is a wait without end.
    public async Task A_hook_that_calls_its_own_orchestrator_on_another_thread_fails_too()
    {
        SpecOrchestrator? self = null;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        self = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
            async (_, _, _) =>
            {
                await Task.Run(() => self!.RunAsync("p", cancellationToken: cancel), cancel);
                return HookResult.Ok;
            });
        Assert.Contains("called its own orchestrator", (string?)(await self.AnswerAsync("p"))["_error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_does_not_await_its_first_run_is_not_taken_for_a_hook()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"x.a","args":{}}}}""",
            async (_, _, _) =>
            {
                await gate.Task;
                return HookResult.Ok;
            });
        var answer = new System.Buffers.ArrayBufferWriter<byte>();
        Task first = orchestrator.RunRequestAsync("""{"program":"p"}"""u8.ToArray(), answer, CancellationToken.None).AsTask();
        Task second = orchestrator.RunRequestAsync("""{"program":"p"}"""u8.ToArray(), answer, CancellationToken.None).AsTask();
        Assert.Equal(1, orchestrator.WaitingCount);
        gate.SetResult();
        await first;
        await second;
        Assert.Equal("{}{}"u8, answer.WrittenSpan);
    }
}
