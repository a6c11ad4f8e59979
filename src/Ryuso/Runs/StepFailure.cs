namespace Ryuso.Runs;

/// <summary>Why a step failed.</summary>
/// <param name="Message">In words for people (<c>_error</c>).</param>
/// <param name="Code">For programs (<c>_error_code</c>): the hook's own, or one of <see cref="FailureCodes"/>.</param>
/// <param name="IsFinal">Whether no further try is made.</param>
internal sealed record StepFailure(string Message, string Code, bool IsFinal = false)
{
    /// <summary>What a hook or a program was given is missing or mistyped; no try would find it otherwise.</summary>
    public static StepFailure OfArguments(string message) => new(message, FailureCodes.InvalidArguments, IsFinal: true);

    /// <summary>What a program gives is missing, mistyped or cannot be JSON.</summary>
    public static StepFailure OfOutputs(string message) => new(message, FailureCodes.InvalidOutputs, IsFinal: true);
}
