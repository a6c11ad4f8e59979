namespace Ryuso;

/// <summary>
/// Thrown by a hook to refuse for good: clients see the message, and the hook is not tried again, whatever the spec says (key
/// <c>hook.retry</c>). <see cref="HookResult.Refuse"/> does the same without the cost of an exception.
/// </summary>
public sealed class HookRefusedException : Exception
{
    /// <summary>Refuses without a reason.</summary>
    public HookRefusedException() : this("The hook refused.") { }

    /// <summary>Refuses.</summary>
    /// <param name="message">Why, in words for people.</param>
    public HookRefusedException(string message) : base(message) { }

    /// <summary>Refuses.</summary>
    /// <param name="message">Why, in words for people.</param>
    /// <param name="innerException">What caused it; goes to the log only.</param>
    public HookRefusedException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>
    /// Why, for programs (<c>_error_code</c>): 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; null, the default, for <c>refused</c>.
    /// What is no code is left out.
    /// </summary>
    public string? Code { get; init; }
}
