using Ryuso.Recording;

namespace Ryuso.Server.Connections;

/// <summary>A connection's answers, in order, that may not leave yet: what they tell is not durable.</summary>
internal sealed class UncommittedAnswers
{
    private readonly Queue<(byte[] Id, PendingAnswer Answer)> _answers = [];

    public bool Any => _answers.Count > 0;

    public int Length { get; private set; }

    /// <summary>What must be durable before all of them may leave.</summary>
    public long LastPosition { get; private set; }

    /// <summary>Holds the answer that the reply has begun.</summary>
    /// <param name="reply">What it is taken back from.</param>
    /// <param name="answer">The answer; null where the reply holds it.</param>
    public void Add(SendBuffer reply, PendingAnswer? answer)
    {
        (byte[] id, byte[] json) = reply.DetachCurrent();
        _answers.Enqueue((id, answer ??= new PendingAnswer(json, 0)));
        Length += answer.Json.Length;
        LastPosition = Math.Max(LastPosition, answer.Position);
    }

    /// <summary>Lets go into the reply what may leave by now.</summary>
    public void ReleaseCommitted(Orchestrator orchestrator, SendBuffer reply)
    {
        while (_answers.TryPeek(out (byte[] Id, PendingAnswer Answer) first) && orchestrator.IsDurable(first.Answer))
        {
            _answers.Dequeue();
            Write(reply, first.Id, first.Answer);
        }
    }

    /// <summary>Lets go of all when the journal has been flushed, or has failed.</summary>
    public void ReleaseAll(Orchestrator orchestrator, SendBuffer reply)
    {
        while (_answers.TryDequeue(out (byte[] Id, PendingAnswer Answer) next))
        {
            Write(reply, next.Id, orchestrator.IsDurable(next.Answer) ? next.Answer : PendingAnswer.OutcomeUnknown());
        }
    }

    /// <summary>The client has gone.</summary>
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
