using System.Text.Json.Nodes;

namespace Ryuso;

/// <summary>What goes with a call beside its arguments.</summary>
public sealed class CallOptions
{
    /// <summary>
    /// Your own id of the run, up to 200 characters; null for a new one. Where the server has a journal, the same id and request give the recorded answer
    /// and nothing runs again: keep it with your order, and the call can be repeated after any failure, even by another process.
    /// </summary>
    public string? RunId { get; init; }

    /// <summary>Becomes magic variables of the run, each with a leading underscore; null for none.</summary>
    public JsonObject? Metadata { get; init; }

    /// <summary>
    /// How long the run may wait for its turn, counted from the moment the server has read the request; null for as long as that takes. A run
    /// that has not begun by then is rejected with the code <c>timeout</c> and nothing runs. One that has begun goes on to its end. Whole
    /// milliseconds, from 1 to <see cref="int.MaxValue"/> of them; rounded up.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is zero, negative or longer than that.</exception>
    public TimeSpan? Deadline
    {
        get;
        init
        {
            if (value is { } limit)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, TimeSpan.FromMilliseconds(int.MaxValue));
            }

            field = value;
        }
    }

    /// <summary>The deadline as the wire has it.</summary>
    internal int? DeadlineMs => Deadline is { } limit ? (int)Math.Ceiling(limit.TotalMilliseconds) : null;
}
