namespace Ryuso.Journal.Tests.Memory;

/// <summary>A clock that stands still, so that equal states look equal.</summary>
internal sealed class StoppedClock : TimeProvider
{
    public static StoppedClock Instance { get; } = new();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(56);

    public override long GetTimestamp() => 0;
}
