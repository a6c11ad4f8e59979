namespace Ryuso.Spec;

public enum ProblemSeverity { Info, Warning, Error }

/// <summary>A place in the spec's text. Lines and columns count from zero.</summary>
public readonly record struct SpecSpan(int Start, int Length, int Line, int Column, int EndLine, int EndColumn);

/// <summary>What is wrong with a spec, where, and what to write instead. <see cref="Path"/> is like <c>programs.transfer.hooks[1]</c>.</summary>
public sealed record Problem(string Code, ProblemSeverity Severity, SpecSpan Span, string Path, string Message);
