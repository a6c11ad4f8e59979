using Ryuso.Runs;

namespace Ryuso;

/// <summary>How a hook ended: well (the default value), or not.</summary>
public readonly struct HookResult : IEquatable<HookResult>
{
    private HookResult(StepFailure failure) => Failure = failure;

    /// <summary>The hook did its work.</summary>
    public static HookResult Ok => default;

    /// <summary>Why the hook failed, in words for people; null when it did not.</summary>
    public string? Reason => Failure?.Message;

    /// <summary>Why the hook failed, for programs (<c>_error_code</c>): the code that the hook gave, otherwise <c>failed</c> or <c>refused</c>; null when it did not fail.</summary>
    public string? Code => Failure?.Code;

    /// <summary>Whether the hook failed.</summary>
    public bool IsFailure => Failure is not null;

    /// <summary>Whether the failure is final: no further try is made (key <c>hook.retry</c>).</summary>
    public bool IsRefusal => Failure is { IsFinal: true };

    internal StepFailure? Failure { get; }

    /// <summary>
    /// The hook failed, told without the cost of an exception. It is tried again where the spec says so (key <c>hook.retry</c>).
    /// </summary>
    /// <param name="reason">Why, in words for people: clients see it.</param>
    /// <param name="code">
    /// Why, for programs (<c>_error_code</c>): 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; null for <c>failed</c>.
    /// </param>
    /// <exception cref="ArgumentException">The code is none.</exception>
    public static HookResult Fail(string reason, string? code = null) =>
        new(new StepFailure(reason ?? throw new ArgumentNullException(nameof(reason)), FailureCodes.Check(code, FailureCodes.Failed, nameof(code))));

    /// <summary>
    /// The hook refuses for good: a card that was declined, an account that does not exist. It is not tried again, whatever the spec says
    /// (key <c>hook.retry</c>).
    /// </summary>
    /// <param name="reason">Why, in words for people: clients see it.</param>
    /// <param name="code">
    /// Why, for programs (<c>_error_code</c>): 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; null for <c>refused</c>.
    /// </param>
    /// <exception cref="ArgumentException">The code is none.</exception>
    public static HookResult Refuse(string reason, string? code = null) =>
        new(new StepFailure(
            reason ?? throw new ArgumentNullException(nameof(reason)), FailureCodes.Check(code, FailureCodes.Refused, nameof(code)), IsFinal: true));

    /// <inheritdoc/>
    public bool Equals(HookResult other) => Failure == other.Failure;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HookResult other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Failure?.GetHashCode() ?? 0;

    /// <summary>Compares two results.</summary>
    public static bool operator ==(HookResult left, HookResult right) => left.Equals(right);

    /// <summary>Compares two results.</summary>
    public static bool operator !=(HookResult left, HookResult right) => !left.Equals(right);
}
