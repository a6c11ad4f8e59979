namespace Ryuso;

/// <summary>
/// The request was sent and no answer came, so that the program may have run or not, and asking again could run it twice.
/// Look at the server, or ask again with the same <see cref="RunId"/> (<see cref="CallOptions.RunId"/>) where it has a journal.
/// </summary>
public sealed class OutcomeUnknownException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="runId">The run.</param>
    /// <param name="innerException">Why no answer came.</param>
    public OutcomeUnknownException(string message, string runId, Exception? innerException = null) : base(message, innerException) =>
        RunId = runId;

    /// <summary>The id that was sent with the request.</summary>
    public string RunId { get; }
}
