namespace Ryuso.Cli.Output;

/// <summary>The result is there and cannot be written.</summary>
internal sealed class OutputLostException(IOException inner) : Exception($"The result could not be written: {inner.Message}", inner);
