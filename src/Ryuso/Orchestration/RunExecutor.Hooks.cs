using System.Runtime.CompilerServices;
using Ryuso.Definitions;
using Ryuso.Runs;
using Ryuso.Telemetry;

namespace Ryuso.Orchestration;

/// <summary>One step: a hook is tried, watched, waited for, tried again.</summary>
internal sealed partial class RunExecutor
{
    /// <summary>One try of one hook. One that ends at once costs no state machine.</summary>
    private bool TryInvoke(int index, HookDefinition hook, int attempt, TimeLimit? limit, out StepFailure? error)
    {
        try
        {
            ValueTask<HookResult> call = Call(index, hook, attempt, limit);
            if (call.IsCompletedSuccessfully)
            {
                error = call.Result.Failure;
                return true;
            }

            error = null;
#pragma warning disable CA2012 // Kept for the loop that waits for it, once.
            _pending = AwaitAsync(call, hook, attempt);
#pragma warning restore CA2012
            return false;
        }
#pragma warning disable CA1031 // Whatever a hook throws is that step's failure and never the server's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = DescribeFailure(exception, hook, attempt);
            return true;
        }
    }

    /// <summary>
    /// A hook that may be tried again, has a time limit, is recorded or watched. What throws around it (a clock, an interceptor) is the
    /// step's failure, so that the run turns back; only the journal's failure concerns more than the step. A try is counted before it is made.
    /// </summary>
    private async ValueTask<StepFailure?> InvokeAsync(int index, HookDefinition hook)
    {
        try
        {
            int attempt = _attempts + 1;
            for (_attempts = 0; ; attempt++)
            {
                if (attempt > 1)
                {
                    if (CheckArguments(hook) is { } wrong)
                    {
                        return wrong;
                    }

                    _run.Enter(index);
                }

                if (_recorder is not null && await _recorder.StepStartingAsync(attempt).ConfigureAwait(false) is { } unrecordable)
                {
                    return new StepFailure(unrecordable, FailureCodes.InvalidOutputs, IsFinal: true);
                }

                StepFailure? error = await TryOnceAsync(index, hook, attempt).ConfigureAwait(false);
                if (error is null || error.IsFinal || attempt >= hook.Attempts)
                {
                    return error;
                }

                _recorder?.AttemptFailed(attempt, error.Message, error.Code);
#pragma warning disable CA5394 // Jitter keeps callers of a service apart; it guards no secret.
                TimeSpan delay = hook.DelayAfter(attempt, hook.Backoff is null ? 0 : Random.Shared.NextDouble());
#pragma warning restore CA5394
                delay = orchestrator.Interceptor?.GetRetryDelay(hook.Reference, delay) ?? delay;
                if (delay > TimeSpan.Zero)
                {
                    await Task.Delay(delay, _time).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception) when (!IsOfJournal(exception))
#pragma warning restore CA1031
        {
            return DescribeFailure(exception, hook, attempt: 0);
        }
    }

    /// <summary>One try, watched and within its time limit.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StepFailure?> TryOnceAsync(int index, HookDefinition hook, int attempt)
    {
        TimeLimit? limit = hook.TimeoutMs > 0 ? new TimeLimit(hook.Reference, TimeSpan.FromMilliseconds(hook.TimeoutMs), _time, _logger) : null;
        try
        {
            var watch = HookActivity.Begin(hook.Reference, attempt, _run.StateMachine.Id.IsRectifying);
            StepFailure? error = TryInvoke(index, hook, attempt, limit, out StepFailure? atOnce) ? atOnce : await _pending.ConfigureAwait(false);
            if (limit is { IsReached: true })
            {
                // A refusal that came too late is one all the same: it is not asked for again.
                string late = $"The hook '{hook.Reference}' did not end within its {hook.TimeoutMs} ms.";
                error = new StepFailure(late, FailureCodes.TimedOut, IsFinal: error is { IsFinal: true });
            }

            watch.End(error?.Message);
            return error;
        }
        finally
        {
            if (limit is not null)
            {
                await limit.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>What is missing or mistyped fails the step at once: no try would find it otherwise.</summary>
    private StepFailure? CheckArguments(HookDefinition hook) =>
        Describe("hook", hook.Reference, "cannot run", _run.Slots.FindProblems(hook.Args)) is { } wrong ? StepFailure.OfArguments(wrong) : null;

    private ValueTask<HookResult> Call(int index, HookDefinition hook, int attempt, TimeLimit? limit)
    {
        var context = new HookContext(_pool, hook.Reference, _run.StateMachine.Id, attempt, _run.StateMachine.IsInDoubt, limit?.Token ?? default);
        return orchestrator.Interceptor is { } interceptor
            ? interceptor.InvokeAsync(new HookInvocation(orchestrator, index, _hooks, _pool, context, _run.Program.Name, limit))
            : orchestrator.Invoke(index, _hooks, _pool, context);
    }

    /// <summary>
    /// What a hook leaves on its thread must not meet the next hook there, which may be another client's. Hooks that are called from an
    /// async method need no care: its builder restores the thread.
    /// </summary>
    private void RestoreThread()
    {
        if (SynchronizationContext.Current != _synchronizationContext)
        {
            SynchronizationContext.SetSynchronizationContext(_synchronizationContext);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StepFailure?> AwaitAsync(ValueTask<HookResult> call, HookDefinition hook, int attempt)
    {
        try
        {
            return (await call.ConfigureAwait(false)).Failure;
        }
#pragma warning disable CA1031 // Whatever a hook throws is that step's failure and never the server's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return DescribeFailure(exception, hook, attempt);
        }
    }

    /// <summary>A deliberate failure says all in its message; of any other exception the log has the stack trace, and clients the type's name.</summary>
    private StepFailure DescribeFailure(Exception exception, HookDefinition hook, int attempt)
    {
        switch (exception)
        {
            case HookFailedException failed:
                RunLog.HookFailedOnPurpose(_logger, hook.Reference, attempt, failed.Message, failed.InnerException);
                return new StepFailure(failed.Message, FailureCodes.Choose(failed.Code, FailureCodes.Failed));
            case HookRefusedException refused:
                RunLog.HookFailedOnPurpose(_logger, hook.Reference, attempt, refused.Message, refused.InnerException);
                return new StepFailure(refused.Message, FailureCodes.Choose(refused.Code, FailureCodes.Refused), IsFinal: true);
            default:
                RunLog.HookFailed(_logger, hook.Reference, attempt, exception);
                return new StepFailure($"The hook '{hook.Reference}' threw {exception.GetType().Name}.", FailureCodes.Threw);
        }
    }
}
