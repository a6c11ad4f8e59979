using Ryuso.Definitions;

namespace Ryuso.Tests.Server;

/// <summary>Three programs of one hook each: echo gives its argument back, fail fails, gate waits until it is opened.</summary>
internal sealed class TestOrchestrator(bool isKeyed = false) : Orchestrator(Spec(isKeyed))
{
    public TaskCompletionSource GateEntered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What fail does on its thread before it fails; null for nothing.</summary>
    public Action? BeforeFail { get; set; }

    /// <summary>What echo does with its text before it ends; null for nothing.</summary>
    public Func<string, Task>? EchoAsync { get; set; }

    /// <summary>Lets echo block its thread. The task ends when it does.</summary>
    public Task BlockEcho(ManualResetEventSlim until)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        EchoAsync = _ =>
        {
            entered.TrySetResult();
            until.Wait(cancel);
            return Task.CompletedTask;
        };
        return entered.Task;
    }

    protected override DataPool CreatePool() => new Pool();

    protected override ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context) => hook switch
    {
        1 => Fail(),
        2 => WaitAtGateAsync(),
        _ when EchoAsync is { } work => EndAsync(work((string)pool["text"]!)),
        _ => default,
    };

    private ValueTask<HookResult> Fail()
    {
        BeforeFail?.Invoke();
        return new(HookResult.Fail("As asked."));
    }

    private static ValueTask<HookResult> EndAsync(Task work) => work.IsCompletedSuccessfully ? default : new(AwaitAsync(work));

    private static async Task<HookResult> AwaitAsync(Task work)
    {
        await work;
        return HookResult.Ok;
    }

    private async ValueTask<HookResult> WaitAtGateAsync()
    {
        GateEntered.TrySetResult();
        await Gate.Task;
        return HookResult.Ok;
    }

    private static SpecDefinition Spec(bool isKeyed)
    {
        string[] names = ["echo", "fail", "gate"];
        ArgDefinition[] text = [new(0, "text", SpecType.String, Required: false, Default: "\"none\"")];

        // All runs share the one value of a key that no request names: they go one by one.
        ArgDefinition[] args = isKeyed ? [.. text, new(1, "lane", SpecType.Int, Required: true, Default: "7")] : text;
        return new SpecDefinition(
            "test",
            "1.0",
            isKeyed ? ["text", "lane"] : ["text"],
            [.. names.Select(n => new HookDefinition("hooks." + n, text, []))],
            [.. names.Select((n, i) => new ProgramDefinition(n, null, args, text,
                [new(PlanOpKind.EnterHook, i, false), new(PlanOpKind.InvokeHook, i, false)]) { Key = isKeyed ? ["lane"] : null })]);
    }

    private sealed class Pool : DataPool;
}
