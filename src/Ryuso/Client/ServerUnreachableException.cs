namespace Ryuso;

/// <summary>No connection to the server could be made in time. Nothing ran.</summary>
public sealed class ServerUnreachableException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which server, and for how long it was tried.</param>
    /// <param name="innerException">Why the last attempt failed.</param>
    public ServerUnreachableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
