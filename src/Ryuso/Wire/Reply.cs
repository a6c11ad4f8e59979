using System.Buffers;

namespace Ryuso;

/// <summary>The answers that a connection has not sent yet, one behind the other.</summary>
internal sealed class Reply : IBufferWriter<byte>
{
    private const int Usual = 1024;

    private byte[] _bytes = new byte[Usual];
    private int _length;
    private int _answer;
    private int _body;

    public int Length => _length;

    /// <summary>The whole answers before the one that is being written.</summary>
    public ReadOnlyMemory<byte> Earlier => _bytes.AsMemory(0, _answer);

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <summary>Begins an answer; one with an id says so first.</summary>
    public void Begin(ReadOnlySpan<byte> id)
    {
        _answer = _length;
        if (!id.IsEmpty)
        {
            Write("{\"_id\":"u8);
            Write(id);
        }

        _body = _length;
    }

    /// <summary>Drops what has been written of the answer's object.</summary>
    public void Again() => _length = _body;

    /// <summary>The answer's object has been written.</summary>
    public void End()
    {
        if (_body == _answer)
        {
            return;
        }

        // The object's own brace becomes the comma behind the id; an empty one leaves only its end.
        if (_bytes[_body + 1] == '}')
        {
            _bytes[_body] = (byte)'}';
            _length = _body + 1;
        }
        else
        {
            _bytes[_body] = (byte)',';
        }

        Write("\n"u8);
    }

    /// <summary>So much of the earlier answers has been sent already.</summary>
    public void Forget(int count)
    {
        _bytes.AsSpan(count, _length - count).CopyTo(_bytes);
        _length -= count;
        _answer -= count;
        _body -= count;
    }

    /// <summary>Everything has been sent. A buffer that one large answer needed is not kept.</summary>
    public void Clear()
    {
        _length = 0;
        if (_bytes.Length > 64 * Usual)
        {
            _bytes = new byte[Usual];
        }
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_bytes.Length - _length < Math.Max(1, sizeHint))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + sizeHint));
        }

        return _bytes.AsSpan(_length);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _length += bytes.Length;
    }
}
