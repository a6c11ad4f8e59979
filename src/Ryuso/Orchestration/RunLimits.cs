namespace Ryuso;

/// <summary>How many runs of an orchestrator may wait and be under way, over all its callers: sockets and calls in process.</summary>
/// <remarks>A request beyond a limit is rejected with <c>busy</c>, and nothing of it runs.</remarks>
public sealed class RunLimits
{
    /// <summary>How many may wait for their turn. Default 512.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxQueueLength
    {
        get;
        init => field = AtLeastOne(value);
    }
    = 512;

    /// <summary>How many may wait for one key (<c>program.key</c>), so that one hot key does not use up the places of all. Default 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxQueueLengthPerKey
    {
        get;
        init => field = AtLeastOne(value);
    }
    = 64;

    /// <summary>How many may be under way at a time, where the spec has keys. Default 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxParallelRuns
    {
        get;
        init => field = AtLeastOne(value);
    }
    = 256;

    private static int AtLeastOne(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        return value;
    }
}
