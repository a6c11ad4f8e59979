namespace Ryuso;

/// <summary>Thrown by a hook to fail on purpose. Clients see the message; of any other exception they see only the type's name.</summary>
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
}
