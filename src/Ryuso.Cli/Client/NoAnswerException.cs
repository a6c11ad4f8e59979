namespace Ryuso.Cli.Client;

/// <summary>The server cannot be reached, did not answer, or answered what no Ryuso server does.</summary>
internal sealed class NoAnswerException(string message) : Exception(message);
