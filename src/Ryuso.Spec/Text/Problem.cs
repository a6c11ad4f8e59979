namespace Ryuso.Spec.Text;

/// <summary>How bad a problem is.</summary>
public enum ProblemSeverity
{
    /// <summary>Worth a look.</summary>
    Info,

    /// <summary>Probably a mistake.</summary>
    Warning,

    /// <summary>Certainly a mistake.</summary>
    Error,
}

/// <summary>A place in the spec's text. Lines and columns count from zero.</summary>
public readonly record struct SpecSpan(int Start, int Length, int Line, int Column, int EndLine, int EndColumn);

/// <summary>
/// What is wrong with a spec, where, and what to write instead. <see cref="Path"/> is like <c>programs.transfer.hooks[1]</c>, empty at the
/// top; <see cref="Message"/> begins with it and does not name the file. <see cref="Related"/> are the other places that the message speaks of.
/// </summary>
public sealed record Problem(
    string Code,
    ProblemSeverity Severity,
    SpecSpan Span,
    string Path,
    string Message,
    EquatableArray<SpecSpan> Related);
