namespace Ryuso.Journal.Tests;

/// <summary>Whether the long form of these tests was asked for, by <c>RYUSO_LONG_TESTS=1</c>: hours are not CI's to spend.</summary>
internal static class LongForm
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("RYUSO_LONG_TESTS") is "1" or "true";
}
