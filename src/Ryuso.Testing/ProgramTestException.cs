namespace Ryuso.Testing;

/// <summary>A program did not do what its test says must hold. The message tells the cases that went wrong: what was done to it, what ran, what was undone, and what does not hold.</summary>
public sealed class ProgramTestException : Exception
{
    private const int MaxReported = 20;

    /// <summary>Fails without a reason.</summary>
    public ProgramTestException() : this("The program's test failed.") { }

    /// <summary>Fails.</summary>
    /// <param name="message">Why.</param>
    public ProgramTestException(string message) : base(message) { }

    /// <summary>Fails.</summary>
    /// <param name="message">Why.</param>
    /// <param name="innerException">What caused it.</param>
    public ProgramTestException(string message, Exception innerException) : base(message, innerException) { }

    internal ProgramTestException(string title, IReadOnlyList<string> violations)
        : base(string.Join("\n\n", [title, .. violations.Take(MaxReported).Select((text, i) => $"{i + 1}. {text}"), violations.Count > MaxReported ? $"And {violations.Count - MaxReported} more." : ""])) =>
        Violations = violations;

    /// <summary>The cases that went wrong, each told in words; empty where the test itself is wrong.</summary>
    public IReadOnlyList<string> Violations { get; } = [];
}
