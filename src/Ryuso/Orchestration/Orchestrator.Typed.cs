using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Telemetry;

namespace Ryuso;

/// <content>Typed calls of programs.</content>
public abstract partial class Orchestrator
{
    /// <summary>Runs a program with typed arguments and outputs. Called by generated code.</summary>
    /// <typeparam name="TArgs">The program's args record.</typeparam>
    /// <typeparam name="TOutputs">The program's outputs record.</typeparam>
    /// <param name="call">The program.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="options">The run's id and metadata; null for a new id and none.</param>
    /// <param name="cancellationToken">Gives up waiting for the lane. A run that has begun is not cancelled.</param>
    protected Task<ProgramResult<TOutputs>> RunAsync<TArgs, TOutputs>(
        ProgramCall<TArgs, TOutputs> call,
        TArgs args,
        CallOptions? options,
        CancellationToken cancellationToken)
        where TArgs : class
        where TOutputs : class
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(args);

        // With a journal or scopes the run needs its request as text anyway.
        if (options is { RunId: not null } or { Metadata: not null } || !_executor.CanUseFastPath)
        {
            return RunByRequestAsync(call, args, options, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ProgramResult<TOutputs>>(cancellationToken);
        }

        if (!_lane.TryEnter())
        {
            return WaitAndRunAsync(call, args, cancellationToken);
        }

        ValueTask<ProgramResult<TOutputs>> run;
        try
        {
            if (!_executor.CanUseFastPath || !_executor.TryAssign(this, call, args))
            {
                _lane.Leave();
                return RunByRequestAsync(call, args, options, cancellationToken);
            }

            run = _executor.RunAssignedAsync(call);
        }
        catch (Exception exception)
        {
            _lane.Leave();
            return Task.FromException<ProgramResult<TOutputs>>(exception);
        }

        if (!run.IsCompletedSuccessfully)
        {
            return FinishAsync(run);
        }

        _lane.Leave();
        ObserverLogger.Flush(_logger, s_logWait);
        return Task.FromResult(run.Result);
    }

    internal static ProgramResult<TOutputs> ToTyped<TOutputs>(JsonObject answer, Func<JsonObject, TOutputs> fromAnswer)
        where TOutputs : class =>
        new(answer, answer["_program_fail"] is null ? fromAnswer(answer) : null);

    private async Task<ProgramResult<TOutputs>> WaitAndRunAsync<TArgs, TOutputs>(ProgramCall<TArgs, TOutputs> call, TArgs args, CancellationToken cancellationToken)
        where TArgs : class
        where TOutputs : class
    {
        await EnterLaneAsync(cancellationToken).ConfigureAwait(false);
        ValueTask<ProgramResult<TOutputs>> run;
        try
        {
            run = _executor.CanUseFastPath && _executor.TryAssign(this, call, args) ? _executor.RunAssignedAsync(call) : default;
        }
        catch
        {
            _lane.Leave();
            throw;
        }

        return await FinishAsync(run).ConfigureAwait(false) ?? await RunByRequestAsync(call, args, options: null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ProgramResult<TOutputs>> FinishAsync<TOutputs>(ValueTask<ProgramResult<TOutputs>> run)
        where TOutputs : class
    {
        try
        {
            return await run.ConfigureAwait(false);
        }
        finally
        {
            _lane.Leave();
            ObserverLogger.Flush(_logger, s_logWait);
        }
    }

    private async Task<ProgramResult<TOutputs>> RunByRequestAsync<TArgs, TOutputs>(
        ProgramCall<TArgs, TOutputs> call,
        TArgs args,
        CallOptions? options,
        CancellationToken cancellationToken)
        where TArgs : class
        where TOutputs : class
    {
        string program = Definition.Programs[call.Program].Name;
        ProgramResult result = await RunAsync(program, call.ToPool(args), options?.Metadata, options?.RunId, cancellationToken).ConfigureAwait(false);
        return ToTyped(result.Answer, call.FromAnswer);
    }
}
