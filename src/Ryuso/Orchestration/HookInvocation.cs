using Ryuso.Definitions;
using Ryuso.Orchestration;

namespace Ryuso;

/// <summary>One try of a hook that is about to be made.</summary>
public sealed class HookInvocation
{
    private readonly Orchestrator _orchestrator;
    private readonly int _hook;
    private readonly HookInstances _hooks;
    private readonly DataPool _pool;
    private readonly HookContext _context;
    private readonly TimeLimit? _limit;

    internal HookInvocation(Orchestrator orchestrator, int hook, HookInstances hooks, DataPool pool, in HookContext context, string program, TimeLimit? limit)
    {
        _orchestrator = orchestrator;
        _hook = hook;
        _hooks = hooks;
        _pool = pool;
        _context = context;
        _limit = limit;
        Program = program;
    }

    /// <summary>The name of the run's program in the spec.</summary>
    public string Program { get; }

    /// <summary>What the hook gets as its context.</summary>
    public HookContext Context => _context;

    /// <summary>The run's pool.</summary>
    public DataPool Pool => _pool;

    /// <summary>Whether the hook has a time limit (key <c>hook.timeout_ms</c>).</summary>
    public bool HasTimeLimit => _limit is not null;

    /// <summary>Calls the hook.</summary>
    public ValueTask<HookResult> InvokeAsync() => _orchestrator.Invoke(_hook, _hooks, _pool, _context);

    /// <summary>Calls the hook as another try of the same step.</summary>
    /// <param name="attempt">The number of the try, from 1: the hook's <see cref="HookContext.Attempt"/>.</param>
    public ValueTask<HookResult> InvokeAsync(int attempt) => _orchestrator.Invoke(_hook, _hooks, _pool, _context.ForAttempt(attempt));

    /// <summary>Lets the hook's time limit fire now.</summary>
    /// <exception cref="InvalidOperationException">The hook has no time limit.</exception>
    public void ReachTimeLimit()
    {
        if (_limit is null)
        {
            throw new InvalidOperationException($"The hook '{_context.Hook}' has no time limit; give it the key 'timeout_ms'.");
        }

        _limit.Reach();
    }
}
