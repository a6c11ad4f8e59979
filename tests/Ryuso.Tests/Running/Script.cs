using Ryuso.TestKit;

namespace Ryuso.Tests.Running;

internal enum Ending
{
    Ok,
    Fail,
    ThrowDeliberately,
    ThrowSomething,
    Refuse,
    ThrowRefusal,
}

/// <summary>One change to the pool: a value as JSON text, null for absence, or <see cref="Append"/> to add 1 to a list and set it.</summary>
internal sealed record Write(string Name, string? Value)
{
    public const string Append = "append";
}

/// <summary>What a hook does when it is called: to the pool first, then it ends.</summary>
internal sealed record Act(Ending Ending, bool Yields, Write[] Writes)
{
    public static readonly Act Ok = new(Ending.Ok, false, []);

    public override string ToString() =>
        $"{Ending}{(Yields ? " after a yield" : "")}{string.Concat(Writes.Select(w => $", {w.Name} = {w.Value ?? "null"}"))}";
}

/// <summary>Chooses the act of each call, by its number from 0.</summary>
internal delegate Act Script(int call, bool isRectifying);

/// <summary>One call of a hook as the hook saw it. <see cref="Step"/> is the number of the first call of the same step: tries share it.</summary>
internal sealed record Call(string Hook, int Attempt, bool IsRectifying, int Step, string Pool, string Args)
{
    /// <summary>Whatever a hook may look at.</summary>
    public static readonly string[] Everything =
        ["i", "s", "b", "f", "l", "d", "_m", "_flag", "x", "_x", "_program_name", "_program_time_start", "_run_id", "_error", "_traceback"];

    public static string Look(string[] names, Func<string, string?> read) =>
        string.Join(' ', names.Select(name => (name, value: read(name))).Where(v => v.value is not null).Select(v => $"{v.name}={v.value}"));
}
