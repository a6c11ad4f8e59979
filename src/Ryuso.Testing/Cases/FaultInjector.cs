namespace Ryuso.Testing;

/// <summary>Stands between an orchestrator's runs and its hooks: notes what runs, and does what the case says.</summary>
internal sealed class FaultInjector(Case test, CaseLog log, Crash crash) : IHookInterceptor
{
    public ValueTask<HookResult> InvokeAsync(HookInvocation invocation) => log.IsOver ? invocation.InvokeAsync() : InjectAsync(invocation);

    public HookResult CompleteProgram(string program, string runId)
    {
        if (log.IsOver)
        {
            return HookResult.Ok;
        }

        log.NoteRun(runId);
        return test.FailsAtItsEnd ? HookResult.Fail("The test lets the program fail after its last step.") : HookResult.Ok;
    }

    /// <summary>Tries are not waited for.</summary>
    public TimeSpan GetRetryDelay(string hook, TimeSpan delay) => log.IsOver ? delay : TimeSpan.Zero;

    private async ValueTask<HookResult> InjectAsync(HookInvocation invocation)
    {
        HookContext context = invocation.Context;
        string id = context.IdempotencyKey[(context.RunId.Length + 1)..];
        var step = new RunStep(id, context.Hook, context.Attempt, context.InDoubt, Outcome: null);
        Fault? fault = log.Begin(invocation.Program, context.RunId, step);
        if (crash.IsDue() || fault is { Kind: FaultKind.Crash, IsAfterwards: false })
        {
            log.End(step with { Outcome = RunStep.NeverRan });
            await crash.EndAsync($"before {step.Hook} runs").ConfigureAwait(false);
        }

        try
        {
            bool works = fault is null or { IsAfterwards: true } or { Kind: FaultKind.Repeat };
            HookResult result = works ? await invocation.InvokeAsync().ConfigureAwait(false) : default;
            if (crash.IsDue() || (fault is { Kind: FaultKind.Crash } && !result.IsFailure))
            {
                log.End(step with { Outcome = RunStep.Unrecorded });
                await crash.EndAsync($"when {step.Hook} has run and that is not recorded yet").ConfigureAwait(false);
            }

            if (fault is { Kind: FaultKind.Repeat } && !result.IsFailure)
            {
                log.End(step);
                step = step with { Attempt = step.Attempt + 1 };
                result = await invocation.InvokeAsync(step.Attempt).ConfigureAwait(false);
            }
            else if (fault is not null && !result.IsFailure)
            {
                result = Apply(fault, invocation);
            }

            log.End(step with { Outcome = result.Reason });
            return result;
        }
        catch (Exception exception)
        {
            log.End(step with { Outcome = $"{exception.GetType().Name}: {exception.Message}" });
            throw;
        }
    }

    private HookResult Apply(Fault fault, HookInvocation invocation)
    {
        switch (fault.Kind)
        {
            case FaultKind.Throw:
                throw fault.Exception!;
            case FaultKind.Hang when !invocation.HasTimeLimit:
                log.Problem($"{fault.Hook} hangs and has no 'timeout_ms': its run would never end, nor would any that waits behind it. Give the hook one.");
                return HookResult.Fail("It would wait for ever.");
            case FaultKind.Hang:
                invocation.ReachTimeLimit();
                throw new OperationCanceledException(invocation.Context.CancellationToken);
            default:
                return HookResult.Fail(fault.Reason);
        }
    }
}
