namespace Ryuso.Cli.Output;

/// <summary>The process's standard input.</summary>
internal static class StandardInput
{
    private const string Descriptors = "/proc/self/fd";

    /// <summary>
    /// The input; an empty one where the process was started without any. The runtime's own pipe then has its descriptor, and to read from it
    /// would never end.
    /// </summary>
    public static TextReader Open() => IsOwnPipe() ? TextReader.Null : Console.In;

    /// <summary>Whether the process itself could write into the pipe, which it can into no pipe that it was given to read.</summary>
    private static bool IsOwnPipe()
    {
        if (!OperatingSystem.IsLinux() || Target($"{Descriptors}/0") is not { } input || !input.StartsWith("pipe:", StringComparison.Ordinal))
        {
            return false;
        }

        return Directory.EnumerateFiles(Descriptors).Any(other => Target(other) == input && IsForWriting(Path.GetFileName(other)));
    }

    /// <summary>The kernel lists the flags of a descriptor in octal; the last two bits are how it was opened.</summary>
    private static bool IsForWriting(string descriptor)
    {
        try
        {
            string? flags = File.ReadLines($"/proc/self/fdinfo/{descriptor}").FirstOrDefault(l => l.StartsWith("flags:", StringComparison.Ordinal));
            return flags is [.., var last] && ((last - '0') & 3) != 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>What a descriptor stands for; null where it is gone.</summary>
    private static string? Target(string descriptor)
    {
        try
        {
            return Path.GetFileName(new FileInfo(descriptor).LinkTarget);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
