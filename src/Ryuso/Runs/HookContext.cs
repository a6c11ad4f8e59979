using Ryuso.Runs;

namespace Ryuso;

/// <summary>What a hook may know of the run that called it. A value: it costs nothing and, like the pool, answers only while its run lasts.</summary>
public readonly struct HookContext : IEquatable<HookContext>
{
    private readonly DataPool _pool;
    private readonly StepId _step;

    internal HookContext(DataPool pool, string hook, StepId step, int attempt, bool inDoubt, CancellationToken cancellationToken)
    {
        _pool = pool;
        _step = step;
        Hook = hook;
        Attempt = attempt;
        InDoubt = inDoubt;
        CancellationToken = cancellationToken;
    }

    internal HookContext ForAttempt(int attempt) => new(_pool, Hook, _step, attempt, InDoubt, CancellationToken);

    /// <summary>The run's id, as in <c>_run_id</c>.</summary>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    public string RunId => _pool.RunId;

    /// <summary>The hook's reference string, <c>hooks.NAME</c>.</summary>
    public string Hook { get; }

    /// <summary>Which try this is, from 1 (key <c>hook.retry</c>). With a journal a try that the process did not survive counts.</summary>
    public int Attempt { get; }

    /// <summary>Whether what this rectifier is to undo may not have happened: its step had started when the process ended, and nobody knows more. There may be nothing to undo.</summary>
    public bool InDoubt { get; }

    /// <summary>Whether the hook runs on the way back.</summary>
    public bool IsRectifying => _step.IsRectifying;

    /// <summary>Stable for this run, step and direction, tries and recovery after a crash included: hand it to an outside API that can ignore a repeated call.</summary>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    public string IdempotencyKey => $"{RunId}/{_step}";

    /// <summary>
    /// Of a rectifier, the <see cref="IdempotencyKey"/> that the step had which it reverses, so that an outside API can be asked for what was
    /// done under it; null on the way forward.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The run has ended.</exception>
    public string? ReversedKey => IsRectifying ? $"{RunId}/{new StepId(_step.Position)}" : null;

    /// <summary>Fires at the hook's time limit (key <c>hook.timeout_ms</c>); never for a hook without one.</summary>
    public CancellationToken CancellationToken { get; }

    /// <inheritdoc/>
    public bool Equals(HookContext other) =>
        ReferenceEquals(_pool, other._pool) && _step == other._step && Attempt == other.Attempt;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HookContext other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_pool, _step, Attempt);

    /// <summary>Compares two contexts.</summary>
    public static bool operator ==(HookContext left, HookContext right) => left.Equals(right);

    /// <summary>Compares two contexts.</summary>
    public static bool operator !=(HookContext left, HookContext right) => !left.Equals(right);
}
