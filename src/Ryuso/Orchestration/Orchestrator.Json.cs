using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using Ryuso.Json;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Recording;

namespace Ryuso;

/// <content>Calls of gateways: a pool's bytes in, the answer's bytes out.</content>
public abstract partial class Orchestrator
{
    /// <summary>Whether runs are recorded, so that an id of the caller's own is honoured.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public bool HasJournal => IsRecorded;

    /// <summary>Describes the spec as the operation <c>describe</c> of the socket does.</summary>
    /// <returns>One JSON object in UTF-8.</returns>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public byte[] DescribeAsJson() => SpecDescription.Of(Definition, Journal?.Id);

    /// <summary>Runs a program with a pool that is JSON already, and gives its answer as JSON.</summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool: exactly one JSON object in UTF-8. Whatever its keys are called, they are variables.</param>
    /// <param name="options">The run's id, metadata and deadline; null for a new id and none.</param>
    /// <param name="cancellationToken">Gives up waiting for the run's turn. A run that has begun is not cancelled.</param>
    /// <exception cref="OperationCanceledException">The token fired before the run began.</exception>
    /// <exception cref="HookFailedException">The caller is a hook of this orchestrator.</exception>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public async Task<JsonAnswer> RunJsonAsync(
        string program, ReadOnlyMemory<byte> dataPool, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        cancellationToken.ThrowIfCancellationRequested();
        if (FindPoolProblem(dataPool.Span) is { } unreadable)
        {
            return Rejected(new RequestProblem(Rejection.BadRequest, unreadable), options, argumentProblems: null);
        }

        if (!InProcessRequest.TryWrite(program, dataPool, options, out byte[]? request, out string? unwritable))
        {
            return Rejected(new RequestProblem(Rejection.InvalidArguments, unwritable), options, argumentProblems: null);
        }

        RunExecutor executor = _executors.Rent();
        try
        {
            if (executor.Read(request) is { } problem)
            {
                JsonAnswer rejected = Rejected(problem, options, executor.FindArgumentProblems());
                _executors.Return(executor);
                return rejected;
            }
        }
        catch
        {
            _executors.Return(executor);
            throw;
        }

        if (!TryEnter(executor.Place) && await EnterAsync(executor, cancellationToken).ConfigureAwait(false) is { } never)
        {
            return Rejected(never, options, argumentProblems: null);
        }

        return await RunJsonInTurnAsync(executor, options).ConfigureAwait(false);
    }

    private async Task<JsonAnswer> RunJsonInTurnAsync(RunExecutor executor, CallOptions? options)
    {
        var answer = new ArrayBufferWriter<byte>();
        PendingAnswer? recorded;
        bool canWait;
        string runId;
        bool isRejected;
        IReadOnlyDictionary<string, string[]>? argumentProblems;
        try
        {
            recorded = await executor.RunAsync(answer).ConfigureAwait(false);
            canWait = _lanes.HasFollower;
            runId = executor.RunId;
            isRejected = executor.IsRejected;
            argumentProblems = recorded is { Origin: JsonAnswerOrigin.Rejection } ? executor.FindArgumentProblems() : null;
        }
        finally
        {
            Leave(executor);
        }

        if (recorded is null)
        {
            return isRejected
                ? new JsonAnswer(answer.WrittenMemory, JsonAnswerOrigin.Rejection, options?.RunId, argumentProblems: null)
                : new JsonAnswer(answer.WrittenMemory, JsonAnswerOrigin.Run, runId, argumentProblems: null);
        }

        await FlushAsync(recorded.Position, canWait).ConfigureAwait(false);
        PendingAnswer durable = IsDurable(recorded) ? recorded : PendingAnswer.OutcomeUnknown();
        bool hasRun = durable.Origin is JsonAnswerOrigin.Run or JsonAnswerOrigin.Record or JsonAnswerOrigin.OutcomeUnknown;
        return new JsonAnswer(durable.Json, durable.Origin, hasRun ? runId : options?.RunId, argumentProblems);
    }

    private static JsonAnswer Rejected(RequestProblem problem, CallOptions? options, IReadOnlyDictionary<string, string[]>? argumentProblems)
    {
        var answer = new ArrayBufferWriter<byte>();
        Rejection.Write(answer, problem.Code, problem.Message);
        return new JsonAnswer(answer.WrittenMemory, JsonAnswerOrigin.Rejection, options?.RunId, argumentProblems);
    }

    /// <summary>What is one whole value cannot end the object that it is put into, and so cannot add a key to it.</summary>
    private static string? FindPoolProblem(ReadOnlySpan<byte> pool)
    {
        try
        {
            var reader = new Utf8JsonReader(pool, new JsonReaderOptions { MaxDepth = JsonDepth.Max });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "The data pool must be one JSON object.";
            }

            while (reader.Read())
            {
                // The reader throws where it is not whole, or where something follows.
            }

            return null;
        }
        catch (JsonException exception)
        {
            return $"The data pool is not valid JSON: {exception.Message}";
        }
    }
}
