using System.Diagnostics;
using Ryuso.Recording;

namespace Ryuso.Server.Connections;

/// <summary>A connection's answers, in order, that may not leave yet: their outcomes are not durable.</summary>
/// <remarks>The order never changes: an answer that is durable waits for those before it. One user at a time, the connection.</remarks>
[DebuggerDisplay("{_answers.Count} answers, {Length} bytes, up to position {LastPosition}")]
internal sealed class UncommittedAnswers
{
    private readonly Queue<(byte[] Id, PendingAnswer Answer)> _answers = [];

    public bool Any => _answers.Count > 0;

    public int Length { get; private set; }

    /// <summary>The journal position that must be durable before all of them may leave.</summary>
    public long LastPosition { get; private set; }

    /// <summary>Holds the answer that has been begun in the send buffer.</summary>
    /// <param name="reply">The send buffer, from which it is taken back.</param>
    /// <param name="answer">The answer; null where the send buffer holds it.</param>
    public void Add(SendBuffer reply, PendingAnswer? answer)
    {
        (byte[] id, byte[] json) = reply.DetachCurrent();
        _answers.Enqueue((id, answer ??= new PendingAnswer(json, 0)));
        Length += answer.Json.Length;
        LastPosition = Math.Max(LastPosition, answer.Position);
    }

    /// <summary>Moves into the send buffer what is durable by now.</summary>
    public void ReleaseCommitted(Orchestrator orchestrator, SendBuffer reply)
    {
        while (_answers.TryPeek(out (byte[] Id, PendingAnswer Answer) first) && orchestrator.IsDurable(first.Answer))
        {
            _answers.Dequeue();
            Write(reply, first.Id, first.Answer);
        }
    }

    /// <summary>Moves all into the send buffer after the journal has been flushed, or has failed.</summary>
    public void ReleaseAll(Orchestrator orchestrator, SendBuffer reply)
    {
        while (_answers.TryDequeue(out (byte[] Id, PendingAnswer Answer) next))
        {
            Write(reply, next.Id, orchestrator.IsDurable(next.Answer) ? next.Answer : PendingAnswer.OutcomeUnknown());
        }
    }

    /// <summary>Drops all of them: the client has gone.</summary>
    public void Clear()
    {
        _answers.Clear();
        Length = 0;
    }

    private void Write(SendBuffer reply, byte[] id, PendingAnswer answer)
    {
        Length -= answer.Json.Length;
        reply.Begin(id);
        answer.Json.Span.CopyTo(reply.GetSpan(answer.Json.Length));
        reply.Advance(answer.Json.Length);
        reply.End();
    }
}
