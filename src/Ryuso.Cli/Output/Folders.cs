namespace Ryuso.Cli.Output;

/// <summary>How folders are searched.</summary>
internal static class Folders
{
    /// <summary>What may not be read is passed over. Hidden files are found: their names decide.</summary>
    public static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };
}
