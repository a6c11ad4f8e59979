using System.Buffers;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Orchestration;
using Ryuso.Protocol;
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
    /// <param name="options">The run's id, metadata and deadline; null for a new id and none.</param>
    /// <param name="cancellationToken">Gives up waiting for the run's turn. A run that has begun is not cancelled.</param>
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
        if (options is { RunId: not null } or { Metadata: not null } or { Deadline: not null } || !CanUseFastPath)
        {
            return RunByRequestAsync(call, args, options, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ProgramResult<TOutputs>>(cancellationToken);
        }

        RunExecutor executor = _executors.Rent();
        try
        {
            if (!executor.TryAssign(call, args))
            {
                _executors.Return(executor);
                return RunByRequestAsync(call, args, options, cancellationToken);
            }

            if (executor.Admit(call.Program) is { } problem)
            {
                _executors.Return(executor);
                return Task.FromResult(ToTyped(problem, call));
            }

            if (!TryEnter(executor.Place))
            {
                return WaitAndRunAsync(executor, call, args, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            _executors.Return(executor);
            return Task.FromException<ProgramResult<TOutputs>>(exception);
        }

        ValueTask<ProgramResult<TOutputs>> run;
        try
        {
            run = executor.RunAssignedAsync(call);
        }
        catch (Exception exception)
        {
            Leave(executor);
            return Task.FromException<ProgramResult<TOutputs>>(exception);
        }

        if (!run.IsCompletedSuccessfully)
        {
            return FinishAsync(executor, run);
        }

        Leave(executor);
        ObserverLogger.Flush(_logger, s_logWait);
        return Task.FromResult(run.Result);
    }

    private static ProgramResult<TOutputs> ToTyped<TArgs, TOutputs>(RequestProblem problem, ProgramCall<TArgs, TOutputs> call)
        where TArgs : class
        where TOutputs : class
    {
        var answer = new ArrayBufferWriter<byte>();
        Rejection.Write(answer, problem.Code, problem.Message);
        return ToTyped(ProgramResult.Parse(answer.WrittenSpan), call.FromAnswer);
    }

    internal static ProgramResult<TOutputs> ToTyped<TOutputs>(JsonObject answer, Func<JsonObject, TOutputs> fromAnswer)
        where TOutputs : class =>
        new(answer, answer["_program_fail"] is null ? fromAnswer(answer) : null);

    private async Task<ProgramResult<TOutputs>> WaitAndRunAsync<TArgs, TOutputs>(
        RunExecutor executor, ProgramCall<TArgs, TOutputs> call, TArgs args, CancellationToken cancellationToken)
        where TArgs : class
        where TOutputs : class
    {
        if (await EnterAsync(executor, cancellationToken).ConfigureAwait(false) is { } problem)
        {
            return ToTyped(problem, call);
        }

        if (!CanUseFastPath)
        {
            // The journal has come meanwhile.
            Leave(executor);
            return await RunByRequestAsync(call, args, options: null, cancellationToken).ConfigureAwait(false);
        }

        ValueTask<ProgramResult<TOutputs>> run;
        try
        {
            run = executor.RunAssignedAsync(call);
        }
        catch
        {
            Leave(executor);
            throw;
        }

        return await FinishAsync(executor, run).ConfigureAwait(false);
    }

    private async Task<ProgramResult<TOutputs>> FinishAsync<TOutputs>(RunExecutor executor, ValueTask<ProgramResult<TOutputs>> run)
        where TOutputs : class
    {
        try
        {
            return await run.ConfigureAwait(false);
        }
        finally
        {
            Leave(executor);
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
        ProgramResult result = await RunAsync(program, call.ToPool(args), options ?? new CallOptions(), cancellationToken).ConfigureAwait(false);
        return ToTyped(result.Answer, call.FromAnswer);
    }
}
