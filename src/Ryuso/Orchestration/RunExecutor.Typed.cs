using System.Text.Json;
using Ryuso.Definitions;
using Ryuso.Recording;

namespace Ryuso.Orchestration;

/// <summary>Typed in-process calls: args record → slots → run → outputs record, without text.</summary>
internal sealed partial class RunExecutor
{
    /// <summary>What generated code writes arguments into and reads outputs from. No hook ever sees it.</summary>
    private DataPool? _variables;
    private bool _hasSucceeded;

    /// <summary>Writes the arguments of a typed call into the slots; <see cref="RunAssignedAsync"/> then runs it.</summary>
    /// <param name="call">The program.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>False where the arguments cannot be JSON.</returns>
    public bool TryAssign<TArgs, TOutputs>(ProgramCall<TArgs, TOutputs> call, TArgs args)
        where TArgs : class
        where TOutputs : class
    {
        BeginRead();
        _variables ??= orchestrator.NewPool(_run.Slots);
        _run.Slots.BeginCalls();
        try
        {
            call.WriteArgs(_variables, args);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or JsonException or InvalidOperationException or NotSupportedException)
        {
            return false;
        }
        finally
        {
            _run.Slots.EndCalls();
        }
    }

    /// <summary>Runs a program whose arguments are in the slots.</summary>
    public ValueTask<ProgramResult<TOutputs>> RunAssignedAsync<TArgs, TOutputs>(ProgramCall<TArgs, TOutputs> call)
        where TArgs : class
        where TOutputs : class
    {
        _hasSucceeded = false;
        ValueTask<PendingAnswer?> run = RunAsync(answer: null);
        if (!run.IsCompletedSuccessfully)
        {
            return AwaitResultAsync(run, call);
        }

        run.GetAwaiter().GetResult();
        return new ValueTask<ProgramResult<TOutputs>>(TakeResult(call));
    }

    private async ValueTask<ProgramResult<TOutputs>> AwaitResultAsync<TArgs, TOutputs>(ValueTask<PendingAnswer?> run, ProgramCall<TArgs, TOutputs> call)
        where TArgs : class
        where TOutputs : class
    {
        await run.ConfigureAwait(false);
        return TakeResult(call);
    }

    /// <summary>The slots still hold the run's variables: the lane has not been left.</summary>
    private ProgramResult<TOutputs> TakeResult<TArgs, TOutputs>(ProgramCall<TArgs, TOutputs> call)
        where TArgs : class
        where TOutputs : class
    {
        if (!_hasSucceeded || call.ReadOutputs is not { } read)
        {
            return Orchestrator.ToTyped(ProgramResult.Parse(_answers.Written), call.FromAnswer);
        }

        _run.Slots.BeginCalls();
        try
        {
            return new ProgramResult<TOutputs>(_answers.Written.ToArray(), read(_variables!));
        }
        finally
        {
            _run.Slots.EndCalls();
        }
    }
}
