namespace Ryuso;

/// <summary>The journal cannot do what it is there for. The message says why and what to do.</summary>
public sealed class JournalException : Exception
{
    /// <summary>Fails without a reason.</summary>
    public JournalException() : this("The journal failed.") { }

    /// <summary>Fails.</summary>
    /// <param name="message">Why, and what to do.</param>
    public JournalException(string message) : base(message) { }

    /// <summary>Fails.</summary>
    /// <param name="message">Why, and what to do.</param>
    /// <param name="innerException">What caused it.</param>
    public JournalException(string message, Exception innerException) : base(message, innerException) { }
}
