namespace Ryuso.Cli.Output;

/// <summary>What the tool's exit code says to scripts. The README lists them.</summary>
internal static class ExitCodes
{
    public const int Good = 0;

    /// <summary>A spec has errors, or a run failed and was reversed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage.</summary>
    public const int Usage = 2;

    /// <summary>The run is stuck: an operator must look.</summary>
    public const int Stuck = 3;

    /// <summary>The server refused the request; nothing ran.</summary>
    public const int Rejected = 4;

    /// <summary>No server, or no answer.</summary>
    public const int NoAnswer = 5;

    /// <summary>The result could not be written: a full disk.</summary>
    public const int OutputLost = 6;

    /// <summary>Ctrl-C.</summary>
    public const int Cancelled = 130;
}
