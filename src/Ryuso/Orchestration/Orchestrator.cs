using System.Buffers;
using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Orchestration;
using Ryuso.Pool;
using Ryuso.Protocol;
using Ryuso.Recording;
using Ryuso.Telemetry;

namespace Ryuso;

/// <summary>
/// Runs the programs of one spec: one at a time, or side by side where they share no key (<c>program.key</c>). The generator derives one
/// from each spec.
/// </summary>
public abstract partial class Orchestrator
{
    // In process the log of a run is there when the run's result is, unless the log cannot keep up.
    private static readonly TimeSpan s_logWait = TimeSpan.FromMilliseconds(200);

    private readonly Lanes _lanes;
    private readonly ILogger _logger;
    private readonly RunEnvironment _environment;
    private readonly ExecutorPool _executors;
    private int _areSharedHooksDisposed;

    /// <summary>Called by generated code.</summary>
    /// <param name="definition">The compiled spec.</param>
    /// <param name="logger">Where runs are logged; null for nowhere.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    protected Orchestrator(SpecDefinition definition, ILogger? logger = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Definition = definition;
        _logger = ObserverLogger.Deferred(logger);
        Time = timeProvider ?? TimeProvider.System;
        _environment = new RunEnvironment(definition, _logger, Time);
        _lanes = IsKeyed ? new KeyedLanes() : new Lane();
        _executors = new ExecutorPool(() => new RunExecutor(this, _environment));
    }

    /// <summary>The compiled spec.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public SpecDefinition Definition { get; }

    /// <summary>Runs a program and waits for its end. A failed or rejected run is a result, not an exception.</summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool; null for an empty one.</param>
    /// <param name="metadata">Becomes magic variables, each with a leading underscore; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting for the run's turn. A run that has begun is not cancelled.</param>
    /// <exception cref="OperationCanceledException">The token fired before the run began.</exception>
    [OverloadResolutionPriority(1)] // RunAsync(program, null, null) means this one.
    public Task<ProgramResult> RunAsync(
        string program,
        JsonObject? dataPool = null,
        JsonObject? metadata = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(program, dataPool, new CallOptions { Metadata = metadata }, cancellationToken);

    /// <summary>
    /// Runs a program under the caller's own id, with metadata and a deadline. With a journal the same id and request give the recorded answer,
    /// and the program does not run again.
    /// </summary>
    /// <param name="program">The program's name in the spec.</param>
    /// <param name="dataPool">The initial pool; null for an empty one.</param>
    /// <param name="options">What goes with the call.</param>
    /// <param name="cancellationToken">Gives up waiting for the run's turn. A run that has begun is not cancelled.</param>
    /// <exception cref="OperationCanceledException">The token fired before the run began.</exception>
    public async Task<ProgramResult> RunAsync(
        string program,
        JsonObject? dataPool,
        CallOptions options,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(options);
        var answer = new ArrayBufferWriter<byte>();
        if (InProcessRequest.TryWrite(program, dataPool, options, out byte[]? request, out string? problem))
        {
            await RunRequestAsync(request, answer, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Rejection.Write(answer, Rejection.InvalidArguments, problem);
        }

        ObserverLogger.Flush(_logger, s_logWait);
        return new ProgramResult(ProgramResult.Parse(answer.WrittenSpan));
    }

    /// <summary>Reads one whole request object, runs it in its turn and writes its answer (rejections included).</summary>
    internal ValueTask RunRequestAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte> answer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RunExecutor executor = _executors.Rent();
        ValueTask<PendingAnswer?> run;
        try
        {
            if (executor.Read(request.Span) is { } problem)
            {
                Rejection.Write(answer, problem.Code, problem.Message);
                _executors.Return(executor);
                return default;
            }

            if (!TryEnter(executor.Place))
            {
                return WaitAndRunAsync(executor, answer, cancellationToken);
            }
        }
        catch
        {
            _executors.Return(executor);
            throw;
        }

        try
        {
            run = executor.RunAsync(answer);
        }
        catch
        {
            Leave(executor);
            throw;
        }

        if (!run.IsCompletedSuccessfully)
        {
            return FinishAsync(executor, run, answer);
        }

        PendingAnswer? recorded = run.GetAwaiter().GetResult();
        bool canWait = _lanes.HasFollower;
        Leave(executor);
        return recorded is null ? default : AnswerAsync(recorded, canWait, answer);
    }

    private async ValueTask WaitAndRunAsync(RunExecutor executor, IBufferWriter<byte> answer, CancellationToken cancellationToken)
    {
        if (await EnterAsync(executor, cancellationToken).ConfigureAwait(false) is { } problem)
        {
            Rejection.Write(answer, problem.Code, problem.Message);
            return;
        }

        ValueTask<PendingAnswer?> run;
        try
        {
            run = executor.RunAsync(answer);
        }
        catch
        {
            Leave(executor);
            throw;
        }

        await FinishAsync(executor, run, answer).ConfigureAwait(false);
    }

    /// <summary>Takes a turn where nothing has to be waited for.</summary>
    /// <exception cref="HookFailedException">The caller is a hook of this orchestrator.</exception>
    private bool TryEnter(LanePlace place)
    {
        // With one lane such a hook finds it taken, by itself.
        if (IsKeyed)
        {
            ThrowIfCalledFromHook();
        }

        return _lanes.TryEnter(place);
    }

    /// <summary>Waits for a turn. Where it will never come, the executor is given back.</summary>
    /// <returns>Why it will never come; null where it has.</returns>
    private async ValueTask<RequestProblem?> EnterAsync(RunExecutor executor, CancellationToken cancellationToken)
    {
        RequestProblem? problem;
        try
        {
            ThrowIfCalledFromHook();
            do
            {
                await _lanes.EnterAsync(executor.Place, cancellationToken).ConfigureAwait(false);
                problem = executor.Place.Problem;
            }
            while (problem is not null && executor.TryWaitForRecord());
        }
        catch
        {
            _executors.Return(executor);
            throw;
        }

        if (problem is not null)
        {
            _executors.Return(executor);
        }

        return problem;
    }

    private void ThrowIfCalledFromHook()
    {
        if (_environment.IsCalledFromHook)
        {
            throw new HookFailedException("A hook called its own orchestrator, which would wait for itself for ever; list the program as a hook or dependency in the spec instead.");
        }
    }

    private async ValueTask FinishAsync(RunExecutor executor, ValueTask<PendingAnswer?> run, IBufferWriter<byte> answer)
    {
        PendingAnswer? recorded;
        bool canWait;
        try
        {
            recorded = await run.ConfigureAwait(false);
            canWait = _lanes.HasFollower;
        }
        finally
        {
            Leave(executor);
        }

        if (recorded is not null)
        {
            await AnswerAsync(recorded, canWait, answer).ConfigureAwait(false);
        }
    }

    /// <summary>The run has ended: its turn first, since others wait for it.</summary>
    internal void Leave(RunExecutor executor)
    {
        _lanes.Leave(executor.Place, executor.KeepsKeysAs);
        _executors.Return(executor);
    }

    /// <summary>Whether runs may go side by side.</summary>
    internal bool IsKeyed => _environment.IsKeyed;

    /// <summary>How many wait for their turn.</summary>
    internal int WaitingCount => _lanes.Waiting;

    /// <summary>For callers that enter and leave by themselves and run an executor of <see cref="Executors"/> between.</summary>
    internal Lanes Lanes => _lanes;

    /// <summary>
    /// Sets how many runs may wait and be under way. A server sets the limits of its options; without one, and without this call, the defaults
    /// hold. May be called at any time.
    /// </summary>
    /// <param name="limits">The limits.</param>
    public void UseRunLimits(RunLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _lanes.Limits = limits;
    }

    /// <summary>Where the state of a run is rented.</summary>
    internal ExecutorPool Executors => _executors;

    /// <summary>Whether a request that is a run and nothing else may run where it was read: with a journal or scopes it has to wait anyway.</summary>
    internal bool CanUseFastPath => _environment.Journal is null && Scopes is null;

    internal ILogger Logger => _logger;

    internal TimeProvider Time { get; }

    /// <summary>Lets an interceptor stand between this orchestrator's runs and its hooks, for tests that inject faults. Call it before the first run.</summary>
    /// <param name="interceptor">The interceptor; it takes the place of one that was set before.</param>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public void UseInterceptor(IHookInterceptor interceptor)
    {
        ArgumentNullException.ThrowIfNull(interceptor);
        Interceptor = interceptor;
    }

    internal IHookInterceptor? Interceptor { get; private set; }

    /// <summary>What the engine itself holds: everything.</summary>
    internal static LanePlace NewPlace() => new() { IsAlone = true, IsUnlimited = true };

    internal DataPool NewPool(PoolSlots slots)
    {
        DataPool pool = CreatePool();
        pool.Open(slots);
        return pool;
    }

    /// <summary>Makes the hook classes anew for each run, with a scope of its own that ends with the run. Without this there is one instance of each.</summary>
    /// <param name="scopes">Where the scopes come from.</param>
    public void UseScopePerRun(IServiceScopeFactory scopes)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        Scopes = scopes;
    }

    internal IServiceScopeFactory? Scopes { get; private set; }

    /// <summary>The instances of hook classes that all runs share. With a scope for each run they are used by none.</summary>
    internal HookInstances SharedHooks { get; private set; } = HookInstances.Empty;

    /// <summary>The scope of one run.</summary>
    internal async ValueTask<RunScope> CreateScopeAsync(IServiceScopeFactory scopes)
    {
        if (Interlocked.Exchange(ref _areSharedHooksDisposed, 1) == 0)
        {
            // Those that were made with the orchestrator.
            await SharedHooks.DisposeAsync(_logger).ConfigureAwait(false);
        }

        return new RunScope(CreateHooks(), scopes, _logger);
    }

    /// <summary>
    /// Disposes of the instances of hook classes that are <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>, unless a run is
    /// still under way. A host and a process that runs as a server do this by themselves at their end. No run may follow.
    /// </summary>
    public async ValueTask DisposeHooksAsync()
    {
        LanePlace everything = NewPlace();
        if (_lanes.TryEnter(everything))
        {
            try
            {
                await SharedHooks.DisposeAsync(_logger).ConfigureAwait(false);
            }
            finally
            {
                _lanes.Leave(everything);
            }
        }
    }

    internal ValueTask<HookResult> Invoke(int hook, HookInstances hooks, DataPool pool, in HookContext context) =>
        InvokeAsync(hook, hooks, pool, context);

    /// <summary>Makes the hook classes that all runs share. Called by generated code, by the constructor.</summary>
    /// <param name="services">Where the constructor parameters of the hook classes come from; null for nowhere.</param>
    /// <exception cref="InvalidOperationException">A service that a hook class needs is not registered.</exception>
    protected void MakeHooks(IServiceProvider? services)
    {
        SharedHooks = CreateHooks();
        SharedHooks.MakeAll(services);
    }

    /// <summary>Makes what holds the hook classes, still empty. Generated.</summary>
    protected virtual HookInstances CreateHooks() => HookInstances.Empty;

    /// <summary>Makes the spec's typed pool. Generated.</summary>
    protected abstract DataPool CreatePool();

    /// <summary>Calls a hook with its arguments taken from the pool. Generated.</summary>
    /// <param name="hook">The hook's index in the <see cref="SpecDefinition"/>.</param>
    /// <param name="hooks">The instances of the hook classes that the run has.</param>
    /// <param name="pool">The run's pool.</param>
    /// <param name="context">The run and its cancellation token.</param>
    protected abstract ValueTask<HookResult> InvokeAsync(int hook, HookInstances hooks, DataPool pool, in HookContext context);
}
