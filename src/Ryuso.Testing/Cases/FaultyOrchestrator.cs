using Ryuso.Runs;

namespace Ryuso.Testing;

/// <summary>Stands between an orchestrator's runs and its hooks: notes what runs, and does what the case says.</summary>
internal sealed class FaultyOrchestrator(Orchestrator inner, Case test, CaseLog log, Crash crash, LimitClock clock)
    : Orchestrator(test.ApplyTo(inner.Definition), inner.Logger, clock)
{
    protected override void UseServices(IServiceProvider? services) => inner.BindServices(services);

    protected override DataPool CreatePool()
    {
        log.Runs += log.IsOver || log.Crashes.Count > 0 ? 0 : 1;
        return inner.NewPool();
    }

    protected override ValueTask<HookResult> InvokeAsync(int hook, DataPool pool, in HookContext context) =>
        hook >= inner.Definition.Hooks.Length ? new(log.IsOver ? HookResult.Ok : HookResult.Fail("The test lets the program fail after its last step."))
        : log.IsOver ? inner.Invoke(hook, pool, context)
        : InvokeAsync(hook, pool, context, (string?)pool["_program_name"]);

    private async ValueTask<HookResult> InvokeAsync(int hook, DataPool pool, HookContext context, string? program)
    {
        string id = context.IdempotencyKey[(context.RunId.Length + 1)..];
        var step = new RunStep(id, context.Hook, context.Attempt, context.InDoubt, Outcome: null);
        Fault? fault = log.Begin(program, step);
        if (crash.IsDue() || fault is { Kind: FaultKind.Crash, IsAfterwards: false })
        {
            log.End(step with { Outcome = RunStep.NeverRan });
            await crash.EndAsync($"before {step.Hook} runs").ConfigureAwait(false);
        }

        try
        {
            bool works = fault is null or { IsAfterwards: true } or { Kind: FaultKind.Repeat };
            HookResult result = works ? await inner.Invoke(hook, pool, context).ConfigureAwait(false) : default;
            if (crash.IsDue() || (fault is { Kind: FaultKind.Crash } && !result.IsFailure))
            {
                log.End(step with { Outcome = RunStep.Unrecorded });
                await crash.EndAsync($"when {step.Hook} has run and that is not recorded yet").ConfigureAwait(false);
            }

            if (fault is { Kind: FaultKind.Repeat } && !result.IsFailure)
            {
                log.End(step);
                step = step with { Attempt = step.Attempt + 1 };
                var again = new HookContext(pool, context.Hook, StepId.Parse(id), step.Attempt, context.InDoubt, context.CancellationToken);
                result = await inner.Invoke(hook, pool, again).ConfigureAwait(false);
            }
            else if (fault is not null && !result.IsFailure)
            {
                result = Do(fault, hook, context);
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

    private HookResult Do(Fault fault, int hook, HookContext context)
    {
        switch (fault.Kind)
        {
            case FaultKind.Throw:
                throw fault.Exception!;
            case FaultKind.Hang when Definition.Hooks[hook].TimeoutMs == 0:
                log.Problem($"{fault.Hook} hangs and has no 'timeout_ms': its run would never end, nor would any that waits behind it. Give the hook one.");
                return HookResult.Fail("It would wait for ever.");
            case FaultKind.Hang:
                clock.ReachLimit();
                throw new OperationCanceledException(context.CancellationToken);
            default:
                return HookResult.Fail(fault.Reason);
        }
    }
}
