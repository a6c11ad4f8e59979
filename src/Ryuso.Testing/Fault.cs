namespace Ryuso.Testing;

internal enum FaultKind { Fail, Throw, Hang, Crash, Repeat }

/// <summary>What a hook does instead of its work, or after it. A hook is named as in the spec: <c>hooks.NAME</c>, or <c>NAME</c> alone.</summary>
public sealed class Fault
{
    private Fault(FaultKind kind, string hook)
    {
        ArgumentException.ThrowIfNullOrEmpty(hook);
        Kind = kind;
        Hook = hook.StartsWith("hooks.", StringComparison.Ordinal) ? hook : "hooks." + hook;
    }

    private Fault(Fault other)
    {
        (Kind, Hook, Reason, Exception) = (other.Kind, other.Hook, other.Reason, other.Exception);
        (IsAfterwards, MaxTimes, Step, IsAtRectifiers) = (other.IsAfterwards, other.MaxTimes, other.Step, other.IsAtRectifiers);
    }

    /// <summary>The hook fails, as by <see cref="HookResult.Fail"/>.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="reason">Why.</param>
    public static Fault Fail(string hook, string reason = "The test lets it fail.") => new(FaultKind.Fail, hook) { Reason = reason };

    /// <summary>The hook throws.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="exception">What it throws.</param>
    public static Fault Throw(string hook, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new(FaultKind.Throw, hook) { Exception = exception };
    }

    /// <summary>The hook waits until its time limit (key <c>hook.timeout_ms</c>) cancels it. The test does not wait: the limit comes at once. A hook without a limit would wait for ever, which the test tells.</summary>
    /// <param name="hook">The hook.</param>
    public static Fault Hang(string hook) => new(FaultKind.Hang, hook);

    /// <summary>The process ends at the hook, once. The run is journaled; a new orchestrator over the same world recovers it.</summary>
    /// <param name="hook">The hook.</param>
    public static Fault Crash(string hook) => new(FaultKind.Crash, hook) { MaxTimes = 1 };

    /// <summary>The same fault after the hook has done its work: a payment that was made and whose answer was lost.</summary>
    public Fault AfterCompletion => new(this) { IsAfterwards = true };

    /// <summary>The same fault only the first few times that the hook is tried.</summary>
    /// <param name="times">How often, at least 1.</param>
    public Fault Times(int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return new Fault(this) { MaxTimes = times };
    }

    /// <summary>The fault in words.</summary>
    public override string ToString()
    {
        string verb = Kind switch
        {
            FaultKind.Fail => "fails",
            FaultKind.Throw => $"throws {Exception!.GetType().Name}",
            FaultKind.Hang => "hangs",
            FaultKind.Crash => "ends the process",
            _ => "is done twice",
        };
        return $"{Hook} {verb}{(IsAfterwards ? " after its work" : "")}{(MaxTimes is 1 ? " once" : MaxTimes < int.MaxValue ? $" {MaxTimes} times" : "")}";
    }

    internal FaultKind Kind { get; }

    internal string Hook { get; }

    internal string Reason { get; private init; } = "";

    internal Exception? Exception { get; private init; }

    internal bool IsAfterwards { get; private init; }

    internal int MaxTimes { get; private init; } = int.MaxValue;

    /// <summary>The id of the only step that it is for; null for every step of the hook.</summary>
    internal string? Step { get; private init; }

    /// <summary>Whether it is for whatever runs on the way back.</summary>
    internal bool IsAtRectifiers { get; private init; }

    internal static Fault Repeat(string hook) => new(FaultKind.Repeat, hook);

    internal static Fault RepeatRectifiers { get; } = new(FaultKind.Repeat, "each rectifier") { IsAtRectifiers = true };

    internal Fault At(string step) => new(this) { Step = step };

    internal bool IsFor(RunStep step) => IsAtRectifiers ? step.IsRectifying : Step is null ? Hook == step.Hook : Step == step.Id;
}
