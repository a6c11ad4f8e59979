namespace Ryuso;

/// <summary>
/// Thrown by a hook to fail on purpose. Clients see the message; of any other exception they see only the type's name. The hook is
/// tried again where the spec says so (key <c>hook.retry</c>); <see cref="HookRefusedException"/> is final.
/// </summary>
public sealed class HookFailedException : Exception
{
    /// <summary>Fails the hook without a reason.</summary>
    public HookFailedException() : this("The hook failed.") { }

    /// <summary>Fails the hook.</summary>
    /// <param name="message">Why, in words for people.</param>
    public HookFailedException(string message) : base(message) { }

    /// <summary>Fails the hook.</summary>
    /// <param name="message">Why, in words for people.</param>
    /// <param name="innerException">What caused it; goes to the log only.</param>
    public HookFailedException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>
    /// Why, for programs (<c>_error_code</c>): 1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>; null, the default, for <c>failed</c>.
    /// What is no code is left out.
    /// </summary>
    public string? Code { get; init; }
}
