using System.Buffers;

namespace Ryuso.Runs;

/// <summary>The engine's own values of <c>_error_code</c> for runs that began. Rejections have theirs in <c>Rejection</c>.</summary>
internal static class FailureCodes
{
    /// <summary>A hook failed on purpose, and gave no code.</summary>
    public const string Failed = "failed";

    /// <summary>A hook refused for good, and gave no code.</summary>
    public const string Refused = "refused";

    /// <summary>A hook, or something around it, threw what is no deliberate failure.</summary>
    public const string Threw = "threw";

    /// <summary>A hook did not end within its time limit.</summary>
    public const string TimedOut = "timed_out";

    /// <summary>A step's arguments are missing or mistyped.</summary>
    public const string InvalidArguments = "invalid_arguments";

    /// <summary>A program's outputs are missing, mistyped or cannot be JSON.</summary>
    public const string InvalidOutputs = "invalid_outputs";

    /// <summary>The server's process ended during the run.</summary>
    public const string Interrupted = "interrupted";

    private const int MaxLength = 64;

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    /// <summary>Returns a hook's own code, or the engine's where it gave none.</summary>
    /// <param name="code">The hook's code, or null.</param>
    /// <param name="otherwise">The engine's code.</param>
    /// <param name="parameter">What the code is called where it came in.</param>
    /// <exception cref="ArgumentException">It is no code.</exception>
    public static string Check(string? code, string otherwise, string parameter) =>
        code is null ? otherwise
        : IsCode(code) ? code
        : throw new ArgumentException($"A code has 1 to {MaxLength} letters, digits, '_', '-' or '.', such as 'card_declined'; words for people belong into the reason.", parameter);

    /// <summary>As <see cref="Check"/> of an exception that is thrown already: what is no code is left out.</summary>
    /// <param name="code">The hook's code, or null.</param>
    /// <param name="otherwise">The engine's code.</param>
    public static string Choose(string? code, string otherwise) => code is not null && IsCode(code) ? code : otherwise;

    private static bool IsCode(string code) => code.Length is > 0 and <= MaxLength && !code.AsSpan().ContainsAnyExcept(s_allowed);
}
