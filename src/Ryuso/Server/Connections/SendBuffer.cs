using System.Diagnostics;
using Ryuso.Json;

namespace Ryuso.Server.Connections;

/// <summary>The answers that a connection has not sent yet, one after the other.</summary>
/// <remarks>
/// <c>_answer</c> is where the current answer begins, <c>_body</c> where its JSON object begins (after the id); both are at or before
/// the length. <see cref="Begin"/>, write, <see cref="End"/>, in that order for each answer.
/// </remarks>
[DebuggerDisplay("{Length} bytes, current answer at {_answer}, body at {_body}")]
internal sealed class SendBuffer : ByteBuffer
{
    private const int MaxRetainedBytes = 64 * 1024;

    private int _answer;
    private int _body;

    private static ReadOnlySpan<byte> IdKey => "{\"_id\":"u8;

    /// <summary>The whole answers before the one that is being written.</summary>
    public ReadOnlyMemory<byte> CompletedAnswers => Bytes.AsMemory(0, _answer);

    public ReadOnlyMemory<byte> Written => Bytes.AsMemory(0, Length);

    /// <summary>Begins an answer; one with an id begins with it.</summary>
    public void Begin(ReadOnlySpan<byte> id)
    {
        _answer = Length;
        if (!id.IsEmpty)
        {
            Write(IdKey);
            Write(id);
        }

        _body = Length;
    }

    /// <summary>Drops what has been written of the answer's object.</summary>
    public void Rewind() => Length = _body;

    /// <summary>Takes the answer back as if it had never been begun.</summary>
    /// <returns>Its id, and what has been written of its object.</returns>
    public (byte[] Id, byte[] Json) DetachCurrent()
    {
        byte[] id = _body == _answer ? [] : Written.Span[(_answer + IdKey.Length).._body].ToArray();
        byte[] json = Written.Span[_body..].ToArray();
        Length = _body = _answer;
        return (id, json);
    }

    /// <summary>The answer's object has been written.</summary>
    public void End()
    {
        if (_body == _answer)
        {
            return;
        }

        // The object's own brace becomes the comma after the id; of an empty object only the end remains.
        if (Bytes[_body + 1] == '}')
        {
            Bytes[_body] = (byte)'}';
            Length = _body + 1;
        }
        else
        {
            Bytes[_body] = (byte)',';
        }

        Write("\n"u8);
    }

    /// <summary>So much of the completed answers has been sent already.</summary>
    public void Consume(int count)
    {
        Debug.Assert(count <= Length, "More was sent than had been written.");
        Bytes.AsSpan(count, Length - count).CopyTo(Bytes);
        Length -= count;
        _answer -= count;
        _body -= count;
    }

    /// <summary>Everything has been sent.</summary>
    public void Clear()
    {
        Clear(MaxRetainedBytes);
        _answer = _body = 0;
    }
}
