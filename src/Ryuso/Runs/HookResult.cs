namespace Ryuso;

/// <summary>How a hook ended: well (the default value), or not.</summary>
public readonly struct HookResult : IEquatable<HookResult>
{
    private HookResult(string reason) => Reason = reason;

    /// <summary>The hook did its work.</summary>
    public static HookResult Ok => default;

    /// <summary>Why the hook failed; null when it did not.</summary>
    public string? Reason { get; }

    /// <summary>Whether the hook failed.</summary>
    public bool IsFailure => Reason is not null;

    /// <summary>The hook failed, told without the cost of an exception. Clients see <paramref name="reason"/>.</summary>
    /// <param name="reason">Why, in words for people.</param>
    public static HookResult Fail(string reason) => new(reason ?? throw new ArgumentNullException(nameof(reason)));

    /// <inheritdoc/>
    public bool Equals(HookResult other) => Reason == other.Reason;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HookResult other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Reason is null ? 0 : string.GetHashCode(Reason, StringComparison.Ordinal);

    /// <summary>Compares two results.</summary>
    public static bool operator ==(HookResult left, HookResult right) => left.Equals(right);

    /// <summary>Compares two results.</summary>
    public static bool operator !=(HookResult left, HookResult right) => !left.Equals(right);
}
