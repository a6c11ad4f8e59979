namespace Ryuso;

/// <summary>
/// Stands between an orchestrator's runs and its hooks, for tests that inject faults. See <see cref="Orchestrator.UseInterceptor"/>.
/// It is called on the run's own path: what it waits for, the run waits for.
/// </summary>
public interface IHookInterceptor
{
    /// <summary>Called in place of each try of a hook. What it returns or throws is how the try ended.</summary>
    /// <param name="invocation">The try; <see cref="HookInvocation.InvokeAsync()"/> calls the hook.</param>
    ValueTask<HookResult> InvokeAsync(HookInvocation invocation);

    /// <summary>Called when the last step of a run's program has completed, before its outputs are checked. A failure makes the run unsuccessful.</summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="runId">The run's id.</param>
    HookResult CompleteProgram(string program, string runId) => HookResult.Ok;

    /// <summary>Gets how long the run waits before the next try of a hook.</summary>
    /// <param name="hook">The hook's reference string, <c>hooks.NAME</c>.</param>
    /// <param name="delay">The delay of the spec (key <c>hook.retry</c>), grown and with its jitter.</param>
    TimeSpan GetRetryDelay(string hook, TimeSpan delay) => delay;
}
