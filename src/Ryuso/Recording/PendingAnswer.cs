using System.Buffers;
using Ryuso.Protocol;

namespace Ryuso.Recording;

/// <summary>
/// An answer of an orchestrator with a journal. It may leave once the journal is durable up to a position, and never before.
/// </summary>
/// <param name="Json">The answer.</param>
/// <param name="Position">The position; 0 where there is nothing to wait for.</param>
internal sealed record PendingAnswer(ReadOnlyMemory<byte> Json, long Position)
{
    /// <summary>Where it comes from, for those who answer in another protocol.</summary>
    public JsonAnswerOrigin Origin { get; init; }

    /// <summary>The answer to a request of which nothing ran.</summary>
    public static PendingAnswer Rejected(string code, string message)
    {
        var json = new ArrayBufferWriter<byte>();
        Rejection.Write(json, code, message);
        return new PendingAnswer(json.WrittenMemory, 0) { Origin = JsonAnswerOrigin.Rejection };
    }

    /// <summary>What leaves instead of an answer whose outcome could not be made durable.</summary>
    public static PendingAnswer OutcomeUnknown() => Rejected(
        Rejection.Internal,
        "The journal cannot be written, so the outcome is not known. Nothing runs until it can be written again; what had begun is reversed then.") with { Origin = JsonAnswerOrigin.OutcomeUnknown };

    /// <summary>The answer to a request that comes while the journal has failed.</summary>
    public static PendingAnswer Unavailable() => Rejected(
        Rejection.Internal,
        "The journal cannot be written, so nothing runs until it can be written again. Nothing of this request ran; ask again later.") with { Origin = JsonAnswerOrigin.JournalUnavailable };

    /// <summary>The answer to a request with a <c>run_id</c> of which it cannot be told whether it has run.</summary>
    public static PendingAnswer Unreadable() => Rejected(
        Rejection.Internal,
        "The journal cannot be read, so it is not known whether this run_id was used before. Nothing of this request ran; ask again later.") with { Origin = JsonAnswerOrigin.JournalUnavailable };
}
